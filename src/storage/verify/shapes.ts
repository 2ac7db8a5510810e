// What a document of each collection looks like, field by field: what a program that reads it relies on.
// Fields beyond these are no fault.

import { SEARCH_STATUSES } from '../records.ts';

interface Shape {
  /** For a person. */
  readonly wanted: string;
  readonly holds: (value: unknown) => boolean;
}

const TEXT: Shape = { wanted: 'a text', holds: (value) => typeof value === 'string' };
const NUMBER: Shape = { wanted: 'a number', holds: (value) => typeof value === 'number' };
const OBJECT: Shape = {
  wanted: 'an object',
  holds: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};
const LIST: Shape = { wanted: 'a list', holds: Array.isArray };
const TIME: Shape = {
  wanted: 'a time',
  holds: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
};
const from = (least: number): Shape => ({
  wanted: `an integer from ${least}`,
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= least,
});
const orNull = ({ wanted, holds }: Shape): Shape => ({
  wanted: `${wanted} or null`,
  holds: (value) => value === null || holds(value),
});
const listOf = ({ wanted, holds }: Shape): Shape => ({
  wanted: `a list, each of it ${wanted}`,
  holds: (value) => Array.isArray(value) && value.every(holds),
});
const oneOf = (values: readonly string[]): Shape => ({
  wanted: `one of ${values.join(', ')}`,
  holds: (value) => values.includes(value as string),
});

const fieldOf = (value: unknown, field: string): unknown =>
  (value as Readonly<Record<string, unknown>> | null | undefined)?.[field];

const EVALUATION: Shape = {
  wanted: 'an evaluation: status, scores, macs, params',
  holds: (value) =>
    oneOf(['ok', 'infeasible']).holds(fieldOf(value, 'status')) &&
    OBJECT.holds(fieldOf(value, 'scores')) &&
    NUMBER.holds(fieldOf(value, 'macs')) &&
    NUMBER.holds(fieldOf(value, 'params')),
};

const SHAPES: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  searches: {
    id: TEXT,
    settings: OBJECT,
    protocol: orNull(OBJECT),
    status: oneOf(SEARCH_STATUSES),
    failure: orNull(OBJECT),
    idempotencyKey: orNull(TEXT),
    createdAt: TIME,
    finishedAt: orNull(TIME),
    generation: from(-1),
    evaluations: from(0),
    hypervolume: orNull(NUMBER),
    best: orNull(TEXT),
    frame: orNull(LIST),
  },
  generations: {
    search: TEXT,
    generation: from(0),
    population: listOf(TEXT),
    scale: orNull(LIST),
    front: listOf(TEXT),
    best: orNull(TEXT),
    hypervolume: NUMBER,
    evaluations: from(0),
    infeasible: from(0),
    finishedAt: TIME,
  },
  individuals: {
    search: TEXT,
    index: from(0),
    id: TEXT,
    genotype: listOf(from(0)),
    origin: TEXT,
    parents: listOf(TEXT),
    born: from(0),
    evaluation: EVALUATION,
  },
  architectures: {
    architecture: TEXT,
    protocolId: TEXT,
    protocol: OBJECT,
    genotype: listOf(from(0)),
    evaluation: EVALUATION,
    scoredAt: TIME,
  },
  events: {
    search: TEXT,
    sequence: from(1),
    key: TEXT,
    at: TIME,
    happening: {
      wanted: 'a happening: status, evaluated, generation or epoch',
      holds: (value) => oneOf(['status', 'evaluated', 'generation', 'epoch']).holds(fieldOf(value, 'type')),
    },
  },
  trainings: {
    id: TEXT,
    model: OBJECT,
    architecture: orNull(TEXT),
    dataset: TEXT,
    recipe: OBJECT,
    protocol: orNull(OBJECT),
    status: oneOf(SEARCH_STATUSES),
    failure: orNull(OBJECT),
    idempotencyKey: orNull(TEXT),
    createdAt: TIME,
    finishedAt: orNull(TIME),
    epoch: from(-1),
    best: orNull(OBJECT),
    measured: orNull(OBJECT),
  },
  epochs: {
    training: TEXT,
    epoch: from(0),
    trainingLoss: NUMBER,
    validation: OBJECT,
    learningRate: NUMBER,
    seconds: NUMBER,
    finishedAt: TIME,
  },
  leases: { search: TEXT, owner: orNull(OBJECT), expiresAt: TIME, fence: from(0) },
};

/** In words, what of a document is not as it should be. */
export const misshapen = (collection: string, body: unknown): readonly string[] =>
  Object.entries(SHAPES[collection] ?? {})
    .filter(([field, { holds }]) => !holds(fieldOf(body, field)))
    .map(([field, { wanted }]) => `${field} is not ${wanted}`);
