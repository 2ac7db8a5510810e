// Any two of the six indicators make the objectives of a search.

import { scratchFolders } from '../service/laboratory.ts';
import { mednas } from './mednas.ts';

const newFolder = scratchFolders();
const SMALL = [
  '--population',
  '6',
  '--offspring',
  '4',
  '--generations',
  '1',
  '--init-channels',
  '4',
  '--batch',
  '8',
];

test.each([
  ['gradNorm', 'snip'],
  ['grasp', 'fisher'],
  ['fisher', 'jacobCov'],
  ['synflow', 'grasp'],
])('%s and %s', async (p1, p2) => {
  const args = ['search', ...SMALL, '--indicators', `${p1},${p2}`, '--workers', '2', '--json'];
  const { code, stdout } = await mednas(args, { cwd: newFolder() });
  expect(code).toBe(0);
  const { population, best, paretoFront } = JSON.parse(stdout);
  const feasible = population.filter((member: { readonly feasible: boolean }) => member.feasible);
  expect(feasible.length).toBeGreaterThan(0);
  expect(paretoFront.length).toBeGreaterThan(0);
  for (const { indicators, objectives } of feasible) {
    const names = Object.keys(indicators).filter((name) => !name.startsWith('log'));
    expect(names.toSorted()).toEqual([p1, p2].toSorted());
    expect(Object.values(indicators).every(Number.isFinite)).toBe(true);
    expect(objectives).toHaveLength(2);
  }
  // The paper's pick: the largest p1 + p2, each scaled over the last population.
  const values = (member: { readonly indicators: Readonly<Record<string, number>> }): readonly number[] =>
    [p1, p2].map((name) => member.indicators[name === 'synflow' ? 'logSynflow' : name] as number);
  const ranges = [0, 1].map((i) => feasible.map((member: never) => values(member)[i] as number));
  const sum = (member: never): number =>
    ranges.reduce((total, range, i) => {
      const [min, max] = [Math.min(...range), Math.max(...range)];
      return total + (max > min ? ((values(member)[i] as number) - min) / (max - min) : 0);
    }, 0);
  expect(sum(best as never)).toBeCloseTo(Math.max(...feasible.map(sum)), 12);
});
