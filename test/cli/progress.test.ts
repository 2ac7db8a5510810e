// The bar of a search, on terminals of all widths.

import { fitLine } from '../../src/cli/progress.ts';

const PARTS = [
  '840/1640',
  'generation 20/40',
  '12m30s left',
  'hypervolume 3.4099',
  'best 112.3 M MACs',
  'jacobCov 1162.53',
  'ln synflow 128.49',
];

test.each<[number, number, string | undefined]>([
  [200, 24, 'ln synflow 128.49'],
  [120, 17, 'jacobCov 1162.53'],
  [80, 16, 'hypervolume 3.4099'],
  [60, 17, '12m30s left'],
  [45, 16, 'generation 20/40'],
  [20, 10, '840/1640'],
  [10, 9, undefined],
  [1, 0, undefined],
])('at %d columns the bar has %d and the last part is %p', (columns, bar, last) => {
  const line = fitLine(0.5, PARTS, columns);
  expect(line.length).toBeLessThan(columns);
  const shown = PARTS.slice(0, last === undefined ? 0 : PARTS.indexOf(last) + 1);
  expect(line.replace(/^[█░]*/u, '')).toBe(shown.length === 0 ? '' : ` ${shown.join(' | ')}`);
  expect(/^[█░]*/u.exec(line)?.[0]).toHaveLength(bar);
});

test.each([
  [0, '░'.repeat(24)],
  [0.5, '█'.repeat(12) + '░'.repeat(12)],
  [1, '█'.repeat(24)],
])('%d of the work', (share, bar) => {
  expect(fitLine(share, ['x'], 80)).toBe(`${bar} x`);
});
