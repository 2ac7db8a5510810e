import { MedNasError } from '../../src/search/errors.ts';
import {
  DEFAULT_SETTINGS,
  parseSettings,
  plannedEvaluations,
  type SearchSettings,
  spaceOf,
} from '../../src/search/settings.ts';
import { mstf } from '../../src/search/space/mstf.ts';

type Given = Parameters<typeof parseSettings>[0];

function failure(given: Given): MedNasError {
  try {
    parseSettings(given);
  } catch (error) {
    if (error instanceof MedNasError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(given)} was taken`);
}

test('defaults are the paper’s', () => {
  const settings = parseSettings({});
  expect(settings).toEqual(DEFAULT_SETTINGS);
  expect(settings).toMatchObject({
    space: 'mstf',
    batchSize: 64,
    blocks: null,
    population: 40,
    offspring: 40,
    generations: 40,
    strategy: 'nsga2',
    lanes: 40,
    indicators: ['jacobCov', 'synflow'],
    indicatorScale: 'log',
    objectives: 'eq5',
    exploitation: 0.25,
  });
  expect(plannedEvaluations(settings)).toBe(1640);
});

test('what is given stands, what is undefined is left out, what is no setting is dropped', () => {
  const given = { seed: 7, population: undefined, blocks: 2, colour: 'red', constructor: 1 } as Given;
  expect(parseSettings(given)).toStrictEqual({ ...DEFAULT_SETTINGS, seed: 7, blocks: 2 });
});

test('parsed settings parse to themselves, also from JSON', () => {
  const settings = parseSettings({ seed: 2 ** 32 - 1, strategy: 'random', objectives: 'flopsSum' });
  expect(parseSettings(settings)).toStrictEqual(settings);
  expect(parseSettings(JSON.parse(JSON.stringify(settings)) as Given)).toStrictEqual(settings);
});

test('-0 is 0, as it comes back from JSON', () => {
  const { seed, exploitation } = parseSettings({ seed: -0, exploitation: -0 });
  expect([seed, exploitation]).toEqual([0, 0]);
});

test.each<Given>([
  { population: 2, offspring: 2, generations: 0 },
  { population: 10_000, offspring: 2, generations: 10_000 },
  { batchSize: 2 },
  { blocks: null },
  { blocks: 1 },
  { blocks: 6 },
  { initChannels: 4 },
  { initChannels: 128 },
  { exploitation: 0 },
  { exploitation: 1 },
  { seed: 0 },
  { seed: 4294967295 },
  { indicators: ['synflow', 'jacobCov'] },
  { dataset: '../some where/set.npz' },
])('takes %j', (given) => {
  expect(parseSettings(given)).toMatchObject(given);
});

describe('refuses', () => {
  const cases: readonly (readonly [name: keyof SearchSettings, values: readonly unknown[]])[] = [
    ['space', ['darts', '', null, 1, 'MSTF', 'constructor', '__proto__', ['mstf']]],
    ['dataset', ['', null, 5, ['breastmnist']]],
    ['batchSize', [0, 1, -64, 1.5, 1e9, NaN, Infinity, '64', null, 64n]],
    ['blocks', [0, 7, -1, 2.5, '3', NaN, [3]]],
    ['initChannels', [0, 2, 6, 18, -4, 4.5, 1e9, NaN, '16', null]],
    ['population', [0, 1, 3, 41, -2, 2.5, 1e9, NaN, Infinity, '40', null, true, [40], {}]],
    ['offspring', [0, 41, -2, 1e9, NaN, '40', null]],
    ['generations', [-1, 0.5, 1e9, 10_001, NaN, -Infinity, '40', null]],
    ['lanes', [0, 10_001, 1.5, '8', null]],
    ['strategy', ['nsga3', '', null, 'toString']],
    [
      'indicators',
      [
        ['jacobCov', 'jacobCov'],
        ['jacobCov'],
        [],
        ['jacobCov', 'synflow', 'jacobCov'],
        ['jacobCov', 'accuracy'],
        ['jacob_cov', 'synflow'],
        'jacobCov,synflow',
        null,
        { 0: 'jacobCov', 1: 'synflow', length: 2 },
      ],
    ],
    ['indicatorScale', ['ln', '', null]],
    ['objectives', ['eq6', 'EQ5', null, 'valueOf']],
    ['estimateEpochs', [0, 1001, 2.5, NaN, '3', null]],
    ['exploitation', [-0.01, 1.01, NaN, Infinity, '0.5', null]],
    ['seed', [-1, 2 ** 32, 0.5, NaN, '0', null, 1n]],
  ];

  describe.each(cases)('%s', (name, values) => {
    test.each(values.map((value) => [value]))('%p', (value) => {
      const { code, field, message } = failure({ [name]: value });
      expect({ code, field }).toEqual({ code: 'INVALID_ARGUMENT', field: name });
      expect(message).toMatch(new RegExp(`^${name} is .+; got .+\\.$`));
    });
  });

  test('has a case for every setting', () => {
    expect(cases.map(([name]) => name).toSorted()).toEqual(Object.keys(DEFAULT_SETTINGS).toSorted());
  });

  test.each([
    [{ population: 41 }, 'population is an even integer from 2 to 10000; got 41.'],
    [{ generations: 1e9 }, 'generations is an integer from 0 to 10000; got 1000000000.'],
    [{ initChannels: 6 }, 'initChannels is a multiple of 4 from 4 to 512; got 6.'],
    [{ population: NaN }, 'population is an even integer from 2 to 10000; got NaN.'],
    [{ strategy: 'nsga3' }, "strategy is one of nsga2, steady, random; got 'nsga3'."],
  ])('%j in words', (given, message) => {
    expect(failure(given).message).toBe(message);
  });

  test('names the first of two settings at fault, in the order of settings', () => {
    expect(failure({ seed: -1, population: 0 }).field).toBe('population');
  });

  test('more evaluations than anybody can wait for', () => {
    const { code, field, message } = failure({ population: 40, offspring: 10_000, generations: 100 });
    expect({ code, field }).toEqual({ code: 'INVALID_ARGUMENT', field: 'generations' });
    expect(message).toContain('1000040');
  });
});

test('the space of settings is the one they name', () => {
  expect(spaceOf(DEFAULT_SETTINGS)).toBe(mstf);
  expect(() => spaceOf({ ...DEFAULT_SETTINGS, space: 'darts' })).toThrow('darts');
});
