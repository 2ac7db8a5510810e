import {
  frameDifferences,
  frameOf,
  listed,
  protocolDifferences,
  sameFrames,
  type There,
} from '../../web/src/compare/compared.ts';
import { curvesOf } from '../../web/src/compare/growth.ts';
import { dotsOf, lookOf, type Plane, trailsOf } from '../../web/src/compare/marks.ts';
import { MACS, quantitiesOf, usualAxes } from '../../web/src/compare/quantities.ts';
import { namesOf, settingRows } from '../../web/src/compare/settings.ts';
import { lookedAt } from '../../web/src/searches/form.ts';
import { titleOf } from '../../web/src/ui/format.ts';

const FIELDS = [
  { name: 'dataset', label: 'Dataset' },
  { name: 'seed', label: 'Seed' },
  { name: 'indicators', label: 'Indicators' },
  { name: 'objectives', label: 'Objectives' },
  { name: 'population', label: 'Population' },
] as const;

const usual = {
  dataset: 'breastmnist',
  seed: 0,
  indicators: ['JACOB_COV', 'SYNFLOW'],
  objectives: 'EQ5',
  population: 40,
} as const;

describe('settingRows', () => {
  const differing = (...columns: Parameters<typeof settingRows>[0]) =>
    settingRows(columns, FIELDS)
      .filter(({ differs }) => differs)
      .map(({ name }) => name);

  test.each<readonly [string, Parameters<typeof settingRows>[0], readonly string[]]>([
    ['none', [], []],
    ['one alone', [usual], []],
    ['the same', [usual, { ...usual, indicators: ['JACOB_COV', 'SYNFLOW'] }], []],
    ['another seed', [usual, { ...usual, seed: 1 }], ['seed']],
    [
      'indicators in another order',
      [usual, { ...usual, indicators: ['SYNFLOW', 'JACOB_COV'] }],
      ['indicators'],
    ],
    ['the third alone', [usual, usual, { ...usual, population: 8, seed: 2 }], ['seed', 'population']],
    ['a setting one lacks', [usual, { ...usual, objectives: null }], ['objectives']],
  ])('of %s', (_, columns, expected) => {
    expect(differing(...columns)).toEqual(expected);
  });

  test('keeps the order of the fields and writes values as text', () => {
    expect(settingRows([usual, { ...usual, objectives: null }], FIELDS).map(({ values }) => values)).toEqual([
      ['breastmnist', 'breastmnist'],
      ['0', '0'],
      ['JACOB_COV, SYNFLOW', 'JACOB_COV, SYNFLOW'],
      ['EQ5', '–'],
      ['40', '40'],
    ]);
  });
});

describe('namesOf', () => {
  test.each<readonly [string, readonly string[], Parameters<typeof namesOf>[1], readonly string[]]>([
    ['titles that differ stay', ['a', 'b'], [usual, { ...usual, seed: 1 }], ['a', 'b']],
    [
      'twins are told apart by what differs among them',
      ['a', 'b', 'a'],
      [usual, { ...usual, seed: 1 }, { ...usual, population: 8 }],
      ['a, population 40', 'b', 'a, population 8'],
    ],
    ['twins in all cannot be', ['a', 'a'], [usual, usual], ['a', 'a']],
    [
      'two differences are told at most',
      ['a', 'a'],
      [usual, { ...usual, seed: 1, objectives: 'INDICATORS', population: 8 }],
      ['a, seed 0, objectives EQ5', 'a, seed 1, objectives INDICATORS'],
    ],
  ])('%s', (_, titles, columns, expected) => {
    expect(namesOf(titles, columns, FIELDS)).toEqual(expected);
  });
});

type Search = There['search'];
type Scale = NonNullable<There['curve']['points'][number]['scale']>;

const range = (min: number, max: number) => ({ min, max });
const SCALE: Scale = { p1: range(0, 1), p2: range(2, 3), macs: range(4, 5) };
const POINT: Scale = { p1: range(1, 1), p2: range(2, 2), macs: range(4, 4) };

const individual = (id: string, macs: number, jacobCov: number, objectives: readonly number[]) => ({
  individual: {
    born: 0,
    objectives: [...objectives],
    architecture: {
      id,
      macs,
      params: macs / 10,
      indicators: [
        { name: 'JACOB_COV' as const, value: jacobCov, log: null },
        { name: 'SYNFLOW' as const, value: 1e30, log: 69 },
      ],
    },
  },
});

interface Made {
  readonly id?: string;
  readonly settings?: Partial<Search['settings']>;
  readonly protocol?: Partial<NonNullable<Search['protocol']>> | null;
  readonly scales?: readonly (Scale | null)[];
  readonly front?: Search['paretoFront'];
  readonly best?: Search['best'];
}

const made = ({
  id = 's',
  settings,
  protocol,
  scales = [SCALE],
  front = [],
  best = null,
}: Made = {}): There => ({
  state: 'there',
  id,
  problem: null,
  curve: {
    cursor: null,
    points: scales.map((scale, generation) => ({ generation, evaluations: 8, hypervolume: 1, scale })),
  },
  search: {
    id,
    status: 'COMPLETED',
    queuePosition: null,
    createdAt: '2026-01-01T00:00:00Z',
    finishedAt: null,
    hypervolume: 1,
    failure: null,
    progress: { generation: 0, generations: 0, evaluations: 8, plannedEvaluations: 8 },
    settings: {
      batchSize: 16,
      blocks: 3,
      dataset: 'breastmnist',
      exploitation: 0.25,
      estimateEpochs: 3,
      generations: 0,
      indicatorScale: 'LOG',
      indicators: ['JACOB_COV', 'SYNFLOW'],
      initChannels: 4,
      lanes: 40,
      objectives: 'EQ5',
      offspring: 8,
      population: 8,
      seed: 0,
      space: 'mstf',
      strategy: 'NSGA2',
      ...settings,
    },
    protocol:
      protocol === null
        ? null
        : {
            batch: 'hash',
            batchSize: 16,
            dataset: 'breastmnist',
            initChannels: 4,
            numerics: 'wasm',
            seed: 0,
            space: 'mstf',
            ...protocol,
          },
    best,
    paretoFront: front,
  },
});

test.each([
  ['NSGA2', 'breastmnist, 4 channels, seed 0', null],
  ['RANDOM', 'breastmnist, 4 channels, seed 0, random', null],
  ['STEADY', 'breastmnist, 4 channels, seed 0, steady', 40],
] as const)('a search by %s is called %s, and its lanes are %s', (strategy, title, lanes) => {
  const { settings } = made({ settings: { strategy } }).search;
  expect([titleOf(settings), lookedAt(settings).lanes]).toEqual([title, lanes]);
});

describe('frames', () => {
  test.each<readonly [string, readonly (Scale | null)[], readonly number[] | null]>([
    ['no generation', [], null],
    ['nothing feasible', [null, null], null],
    ['the first generation', [SCALE, POINT], [0, 1, 2, 3, 4, 5]],
    ['the first that spans more than a point', [null, POINT, SCALE], [0, 1, 2, 3, 4, 5]],
  ])('of %s', (_, scales, expected) => {
    expect(frameOf(made({ scales }).curve)).toEqual(expected);
  });

  const wider: Scale = { ...SCALE, macs: range(4, 6) };
  test.each<readonly [string, readonly There[], readonly string[]]>([
    ['none', [], []],
    ['the same', [made(), made({ settings: { strategy: 'RANDOM' } })], []],
    ['other objectives', [made(), made({ settings: { objectives: 'INDICATORS' } })], ['what is minimised']],
    ['other ranges', [made(), made({ scales: [wider] })], ['the ranges of the first generation']],
    ['other ranges later', [made(), made({ scales: [SCALE, wider] })], []],
    [
      'one that has no generation yet',
      [made(), made({ scales: [], settings: { objectives: 'INDICATORS' } })],
      [],
    ],
  ])('differ among %s', (_, searches, expected) => {
    expect(frameDifferences(searches)).toEqual(expected);
  });

  test('sameFrames groups those that compare, and leaves out who is alone or has none', () => {
    const searches = [
      made({ id: 'a' }),
      made({ id: 'b', scales: [wider] }),
      made({ id: 'c' }),
      made({ id: 'd', scales: [] }),
      made({ id: 'e', scales: [] }),
    ].map((there) => ({ there }));
    expect(sameFrames(searches).map((group) => group.map(({ there }) => there.id))).toEqual([['a', 'c']]);
  });
});

test.each<readonly [string, readonly There[], readonly string[]]>([
  ['the same', [made(), made()], []],
  ['one whose dataset is not here yet', [made(), made({ protocol: null })], []],
  ['other channels', [made(), made({ protocol: { initChannels: 8 } })], ['the channels of the stem']],
  ['other images alone', [made(), made({ protocol: { batch: 'other' } })], ['the images of the batch']],
  [
    'another seed, which draws other images',
    [made(), made({ protocol: { batch: 'other', seed: 1 } })],
    ['the seed of weights and batch'],
  ],
])('protocolDifferences of %s', (_, searches, expected) => {
  expect(protocolDifferences(searches)).toEqual(expected);
});

test.each<readonly [readonly string[], string]>([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a and b'],
  [['a', 'b', 'c'], 'a, b and c'],
])('listed(%j) is %j', (words, expected) => {
  expect(listed(words)).toBe(expected);
});

describe('quantitiesOf', () => {
  const keys = (searches: readonly There[], sameFrame: boolean) =>
    quantitiesOf(searches, sameFrame).map(({ key }) => key);

  test.each<readonly [string, readonly There[], boolean, readonly string[]]>([
    ['all', [made(), made()], true, ['f1', 'f2', 'JACOB_COV', 'SYNFLOW', 'macs', 'params']],
    ['no objectives of other frames', [made(), made()], false, ['JACOB_COV', 'SYNFLOW', 'macs', 'params']],
    [
      'the indicators all have',
      [made(), made({ settings: { indicators: ['SNIP', 'SYNFLOW'] } })],
      false,
      ['SYNFLOW', 'macs', 'params'],
    ],
    [
      'what they cost, if nothing else',
      [made(), made({ settings: { indicators: ['SNIP', 'FISHER'] } })],
      false,
      ['macs', 'params'],
    ],
  ])('are %s', (_, searches, sameFrame, expected) => {
    expect(keys(searches, sameFrame)).toEqual(expected);
  });

  test.each<readonly [readonly There[], boolean, readonly [string, string]]>([
    [[made()], true, ['f1', 'f2']],
    [[made()], false, ['macs', 'JACOB_COV']],
    [[made({ settings: { indicators: [] } })], false, ['macs', 'params']],
  ])('usual axes', (searches, sameFrame, expected) => {
    expect(usualAxes(quantitiesOf(searches, sameFrame)).map(({ key }) => key)).toEqual(expected);
  });

  test('take the logarithm of SynFlow and nothing from who lacks it', () => {
    const [member] = [individual('a', 1000, 5, [-1, 1])];
    const values = quantitiesOf([made()], true).map(({ of }) => of(member.individual));
    expect(values).toEqual([-1, 1, 5, 69, 1000, 100]);
    const bare = { objectives: null, architecture: { ...member.individual.architecture, indicators: [] } };
    expect(quantitiesOf([made()], true).map(({ of }) => of(bare))).toEqual([
      null,
      null,
      null,
      null,
      1000,
      100,
    ]);
  });
});

describe('marks', () => {
  const front = [
    individual('cheap', 100, 1, [0, 0]),
    individual('worse', 300, 0.5, [0, 0]),
    individual('dear', 400, 2, [0, 0]),
  ];
  const there = made({ front, best: individual('dear', 400, 2, [0, 0]) });
  const shown = [{ there, look: lookOf(1) }];
  const [, jacobCov] = usualAxes(quantitiesOf([there], false));
  const plane: Plane = { x: MACS, y: jacobCov, xKind: 'log', yKind: 'linear' };

  test('every member is a dot of its search, the pick a larger one', () => {
    expect(dotsOf(shown, plane).map(({ id, x, y, radius, shape }) => ({ id, x, y, radius, shape }))).toEqual([
      { id: 's cheap', x: 100, y: 1, radius: 5, shape: 'diamond' },
      { id: 's worse', x: 300, y: 0.5, radius: 5, shape: 'diamond' },
      { id: 's dear', x: 400, y: 2, radius: 8, shape: 'diamond' },
    ]);
  });

  test('a line joins those that no other betters in the axes looked at', () => {
    expect(trailsOf(shown, plane).map(({ points }) => points)).toEqual([
      [
        [100, 1],
        [400, 2],
      ],
    ]);
  });

  test('what a log axis has no place for has no dot', () => {
    const below = [{ there: made({ front: [individual('a', 100, -1, [0, 0])] }), look: lookOf(0) }];
    expect(dotsOf(below, { ...plane, yKind: 'log' })).toEqual([]);
    expect(dotsOf(below, plane)).toHaveLength(1);
  });

  test('six searches look different', () => {
    const looks = Array.from({ length: 6 }, (_, i) => lookOf(i));
    expect(looks.map(({ letter }) => letter).join('')).toBe('ABCDEF');
    expect(new Set(looks.map(({ colour }) => colour)).size).toBe(6);
  });
});

describe('curvesOf', () => {
  const step = (generation: number, evaluations: number, hypervolume: number) => ({
    generation,
    evaluations,
    hypervolume,
  });
  const short = [step(0, 8, 1), step(1, 16, 2)];
  const long = [step(0, 10, 3), step(1, 16, 4), step(2, 22, 5)];

  test.each<
    readonly ['generation' | 'evaluations', readonly number[], readonly (readonly (number | null)[])[]]
  >([
    [
      'generation',
      [0, 1, 2],
      [
        [1, 2, null],
        [3, 4, 5],
      ],
    ],
    [
      'evaluations',
      [8, 10, 16, 22],
      [
        [1, null, 2, null],
        [null, 3, 4, 5],
      ],
    ],
  ])('by %s', (against, xs, values) => {
    expect(curvesOf([short, long], against)).toEqual({ xs, values });
  });

  test('of none are none', () => {
    expect(curvesOf([], 'generation')).toEqual({ xs: [], values: [] });
    expect(curvesOf([[]], 'generation')).toEqual({ xs: [], values: [[]] });
  });
});
