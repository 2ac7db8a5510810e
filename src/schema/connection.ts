// Relay's cursor connections (https://relay.dev/graphql/connections.htm), read from either end. The lists
// grow while they are read, and keyset cursors do not shift when they do.

import { ArgsType, type ClassType, Field, Int, ObjectType } from 'type-graphql';

export const MAX_PAGE = 200;
export const DEFAULT_PAGE = 50;

@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description: `How many to read from the start, 1 to ${MAX_PAGE}; left out, with \`last\` left out too: ${DEFAULT_PAGE}.`,
  })
  readonly first!: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of the edge to go on after, from the same list in the same order.',
  })
  readonly after!: string | null;

  @Field(() => Int, {
    nullable: true,
    description: `How many to read from the end, 1 to ${MAX_PAGE}, in the order of the list; not with \`first\`.`,
  })
  readonly last!: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of the edge to stop before, from the same list in the same order.',
  })
  readonly before!: string | null;
}

@ObjectType({ description: 'Where a page lies in its list.' })
export class PageInfo {
  @Field(() => Boolean, {
    description:
      'Whether there is more after this page: of a page of the `first`, up to `before`; of the `last`, whether it was asked for `before` an edge.',
  })
  readonly hasNextPage!: boolean;

  @Field(() => Boolean, {
    description:
      'Whether there is more before this page: of a page of the `last`, down to `after`; of the `first`, whether it was asked for `after` an edge.',
  })
  readonly hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first edge; null: the page is empty.' })
  readonly startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last edge; null: the page is empty.' })
  readonly endCursor!: string | null;
}

/** What a page of sources is made of. */
export interface ConnectionSource<S> {
  readonly edges: readonly { readonly cursor: string; readonly node: S }[];
  readonly pageInfo: PageInfo;
  /** Called when it is asked for: counting costs a query of its own. */
  readonly totalCount: () => Promise<number>;
}

/** The connection type of a node type, `described` in the plural. */
export function connectionOf<N extends object>(node: ClassType<N>, described: string): ClassType {
  @ObjectType(`${node.name}Edge`, { description: `One of ${described}, and its place in the list.` })
  class Edge {
    @Field(() => String, { description: 'Place in the list, to go on `after` or `before`.' })
    readonly cursor!: string;

    @Field(() => node, { description: 'What stands there.' })
    readonly node!: N;
  }

  @ObjectType(`${node.name}Connection`, { description: `A page of ${described}.` })
  class Connection {
    @Field(() => [Edge], { description: 'The page.' })
    readonly edges!: readonly Edge[];

    @Field(() => PageInfo, { description: 'Where the page lies in the list.' })
    readonly pageInfo!: PageInfo;

    @Field(() => Int, { simple: true, description: 'Length of the whole list.' })
    readonly totalCount!: number;
  }

  return Connection;
}
