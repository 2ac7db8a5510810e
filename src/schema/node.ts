// Relay's global object identification: whatever has an id can be read again by it.

import { Field, ID, InterfaceType } from 'type-graphql';

/** What has a global id. */
export const NODE_TYPES = [
  'Architecture',
  'Dataset',
  'EngineInfo',
  'Individual',
  'Population',
  'Search',
  'SearchSpace',
  'TrainingRun',
] as const;
export type NodeType = (typeof NODE_TYPES)[number];

/** Says which type it is: sources of several types meet in `node`. */
export interface Typed<T extends string = NodeType> {
  readonly __typename: T;
}

@InterfaceType({
  description: 'Anything with a global id, by which `node` reads it again.',
  resolveType: ({ __typename }: Typed) => __typename,
})
export abstract class Node {
  @Field(() => ID, {
    description: 'Global id: opaque, unique among all types, never given to anything else.',
  })
  readonly id!: string;
}
