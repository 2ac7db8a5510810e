// The API's contract as committed in schema.graphql: it must be what the code serves, and explain itself.

import { readFileSync, writeFileSync } from 'node:fs';
import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { buildApiSchema } from '../../src/resolvers/schema.ts';

const FILE = new URL('../../schema.graphql', import.meta.url);
const schema = buildApiSchema();

test('schema.graphql is the schema that is served; `npm run schema` writes it', () => {
  const served = `${printSchema(lexicographicSortSchema(schema))}\n`;
  if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(FILE, served);
  expect(readFileSync(FILE, 'utf8')).toBe(served);
});

interface Described {
  readonly name: string;
  readonly description?: string | null | undefined;
}

/** The parts of a type that a person reads, under the paths they are known by. */
function partsOf(type: GraphQLNamedType): readonly (readonly [string, Described])[] {
  if (isEnumType(type)) return type.getValues().map((value) => [`${type.name}.${value.name}`, value]);
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).map((field) => [`${type.name}.${field.name}`, field]);
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => [
    [`${type.name}.${field.name}`, field] as const,
    ...field.args.map((arg) => [`${type.name}.${field.name}(${arg.name})`, arg] as const),
  ]);
}

test('every type, field, argument and enum value says what it is', () => {
  const own = Object.values(schema.getTypeMap()).filter(
    (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
  );
  expect(own.length).toBeGreaterThan(40);
  const described = own.flatMap((type) => [[type.name, type] as const, ...partsOf(type)]);
  const mute = described.filter(([, { description }]) => (description ?? '').trim().length < 8);
  expect(mute.map(([path]) => path)).toEqual([]);
});

test('whatever has a global id implements Node, and nothing else does', () => {
  const node = schema.getType('Node');
  if (!isInterfaceType(node)) throw new Error('Node is no interface');
  expect(
    schema
      .getPossibleTypes(node)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual([
    'Architecture',
    'Dataset',
    'EngineInfo',
    'Individual',
    'Population',
    'Search',
    'SearchSpace',
    'TrainingRun',
  ]);
});

test('defaults of a search are shown in its input', () => {
  const input = schema.getType('StartSearchInput');
  if (!isInputObjectType(input)) throw new Error('StartSearchInput is no input');
  const defaults = Object.values(input.getFields()).map(({ name, defaultValue }) => [name, defaultValue]);
  expect(Object.fromEntries(defaults)).toEqual({
    space: 'mstf',
    dataset: 'breastmnist',
    batchSize: 64,
    blocks: undefined,
    initChannels: 16,
    population: 40,
    offspring: 40,
    generations: 40,
    strategy: 'nsga2',
    lanes: 40,
    indicators: ['jacobCov', 'synflow'],
    indicatorScale: 'log',
    objectives: 'eq5',
    exploitation: 0.25,
    estimateEpochs: 3,
    seed: 0,
    trainBest: 0,
    trainEpochs: 100,
  });
});
