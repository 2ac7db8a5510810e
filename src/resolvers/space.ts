// Search spaces, from the search's own table.

import { Arg, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import type { Typed } from '../schema/node.ts';
import { SearchSpace } from '../schema/space.ts';
import { MedNasError } from '../search/errors.ts';
import type { SearchSpace as Space } from '../search/space/space.ts';
import { SPACES } from '../search/space/spaces.ts';
import { toGlobalId } from './globalId.ts';

type Lazy = 'defaultBlocks' | 'upperBounds' | 'size';

export interface SearchSpaceSource extends Typed<'SearchSpace'>, Omit<SearchSpace, Lazy> {
  readonly space: Space;
}

const toSearchSpace = (space: Space): SearchSpaceSource => ({
  __typename: 'SearchSpace',
  id: toGlobalId('SearchSpace', space.id),
  name: space.id,
  description: space.description,
  operations: space.operations,
  blockLength: space.blockLength,
  minBlocks: 1,
  maxBlocks: space.maxBlocks,
  space,
});

const sources = (): readonly SearchSpaceSource[] => Object.values(SPACES).map(toSearchSpace);

/** The space of that name; null: there is none. */
export const spaceNamed = (name: string): SearchSpaceSource | null =>
  sources().find((source) => source.name === name) ?? null;

function requireFrom(min: number, max: number, name: string, value: number): void {
  if (value >= min && value <= max) return;
  throw new MedNasError('INVALID_ARGUMENT', `${name} is from ${min} to ${max}; got ${value}.`, {
    field: name,
  });
}

const BLOCKS = 'Blocks of an architecture, from `minBlocks` to `maxBlocks`.';

@Resolver(() => SearchSpace)
export class SearchSpaceResolver {
  @Query(() => [SearchSpace], { description: 'All search spaces.' })
  searchSpaces(): readonly SearchSpaceSource[] {
    return sources();
  }

  @FieldResolver()
  defaultBlocks(
    @Root() { space }: SearchSpaceSource,
    @Arg('imageSize', () => Int, { description: 'Height of an image, 1 to 4096.' }) imageSize: number,
  ): number {
    requireFrom(1, 4096, 'imageSize', imageSize);
    return space.defaultBlocks(imageSize);
  }

  @FieldResolver()
  upperBounds(
    @Root() { space, maxBlocks }: SearchSpaceSource,
    @Arg('blocks', () => Int, { description: BLOCKS }) blocks: number,
  ): readonly number[] {
    requireFrom(1, maxBlocks, 'blocks', blocks);
    return space.upperBounds(blocks);
  }

  @FieldResolver()
  size(
    @Root() { space, maxBlocks }: SearchSpaceSource,
    @Arg('blocks', () => Int, { description: BLOCKS }) blocks: number,
  ): bigint {
    requireFrom(1, maxBlocks, 'blocks', blocks);
    return space.size(blocks);
  }
}
