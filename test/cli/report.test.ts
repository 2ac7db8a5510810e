// The page of a search, on terminals of all widths.

import { pageOf, type Report, table } from '../../src/cli/report.ts';
import { DEFAULT_SETTINGS } from '../../src/search/settings.ts';

const member = (id: string, macs: number, blocks: number) =>
  ({
    id,
    genotype: Array.from({ length: 14 * blocks }, (_, i) => i % 8),
    indicators: { jacobCov: 1234.5678, synflow: 1e30, logSynflow: 69.0775 },
    macs,
    params: 1234,
  }) as unknown as Report['best'] & object;

const report = (blocks: number): Report => {
  const [large, small] = [member('large', 12_000_000, blocks), member('small', 1_000_000, blocks)];
  return {
    search: {
      id: '0c3fd223-040e-4609-bd60-f4b3c7399d4a',
      status: 'completed',
      settings: { ...DEFAULT_SETTINGS, blocks },
      evaluations: 1640,
    },
    paretoFront: [large, small],
    best: large,
    hypervolume: 3.25,
    timings: { wallSeconds: 61.25 },
  } as unknown as Report;
};

const BLOCK_1 = '01234567012345';
const BLOCK_2 = '67012345670123';
const BLOCK_3 = '45670123456701';
const HEAD = [
  'Search 0c3fd223-040e-4609-bd60-f4b3c7399d4a completed: hypervolume 3.25.',
  '1640 architectures in 61.3 s, archived in /lab/.mednas.',
  '',
  'Pareto front (* the pick: largest sum of both indicators, scaled):',
];

test.each([Infinity, 120, 100])('on %d columns a genotype is at the end of its row', (columns) => {
  expect(pageOf(report(3), columns, '/lab/.mednas').split('\n')).toEqual([
    ...HEAD,
    '   jacobCov  ln synflow      MACs  params  genotype, by blocks',
    `    1234.57     69.0775   1000000    1234  ${BLOCK_1} ${BLOCK_2} ${BLOCK_3}`,
    `*   1234.57     69.0775  12000000    1234  ${BLOCK_1} ${BLOCK_2} ${BLOCK_3}`,
    '',
  ]);
});

test.each([80, 50])('on %d columns it has its own line', (columns) => {
  expect(pageOf(report(3), columns, '/lab/.mednas').split('\n')).toEqual([
    ...HEAD,
    '   jacobCov  ln synflow      MACs  params',
    '    1234.57     69.0775   1000000    1234',
    `    ${BLOCK_1} ${BLOCK_2} ${BLOCK_3}`,
    '*   1234.57     69.0775  12000000    1234',
    `    ${BLOCK_1} ${BLOCK_2} ${BLOCK_3}`,
    '',
  ]);
});

test('a genotype of six blocks has two lines of 80 columns', () => {
  const lines = pageOf(report(6), 80, '/lab/.mednas').split('\n');
  expect(lines.slice(6, 8)).toEqual([
    `    ${BLOCK_1} ${BLOCK_2} ${BLOCK_3} 23456701234567 01234567012345`,
    `    ${BLOCK_2}`,
  ]);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('a table pads its columns, numbers to the right', () => {
  const rows = [
    ['name', 'n'],
    ['a', 12],
    ['long one', 3],
  ];
  expect(table(rows)).toBe('name       n\na         12\nlong one   3');
});
