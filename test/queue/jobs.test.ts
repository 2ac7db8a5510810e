// How jobs are called and how a generation is cut into them.

import fc from 'fast-check';
import { jobIdOf, portionOf, queueOf, type ScoreJob } from '../../src/queue/jobs.ts';
import type { Protocol } from '../../src/search/evaluation.ts';

const PROTOCOL: Protocol = {
  space: 'mstf',
  dataset: 'breastmnist',
  batch: 'hash',
  batchSize: 8,
  input: [28, 28, 1],
  classes: 2,
  multiLabel: false,
  initChannels: 4,
  seed: 3,
  indicators: ['jacobCov', 'synflow'],
  numerics: 'simd:1',
};
const JOB: ScoreJob = { kind: 'score', protocol: PROTOCOL, genotypes: [[1, 2], [3]] };

describe('an id', () => {
  test('is that of what is computed', () => {
    const reordered = Object.fromEntries(Object.entries(PROTOCOL).toReversed()) as unknown as Protocol;
    expect(jobIdOf({ ...JOB, protocol: reordered })).toBe(jobIdOf(JOB));
    const others: readonly ScoreJob[] = [
      { ...JOB, genotypes: [[1, 2]] },
      { ...JOB, genotypes: [[1], [2, 3]] },
      { ...JOB, protocol: { ...PROTOCOL, seed: 4 } },
    ];
    expect(new Set([JOB, ...others].map(jobIdOf)).size).toBe(4);
  });

  test('and a queue have no colon, and no arithmetic shares its queue with another', () => {
    expect(jobIdOf(JOB)).not.toMatch(/:|^\d+$/u);
    expect(queueOf('score', 'simd:1')).not.toContain(':');
    expect(queueOf('score', 'simd:1')).not.toBe(queueOf('score', 'simd:2'));
  });
});

describe('a portion', () => {
  test.each([
    ['half of what is left, by lane', [1, 1, 1, 1, 1, 1, 1, 1].map((x) => x / 8), 1, 4],
    ['never nothing', [5, 1], 4, 1],
    ['no longer than one and a half seconds', Array.from({ length: 100 }, () => 0.5), 1, 3],
    ['one at the end', [0.02, 0.01], 8, 1],
    ['all of it when it takes no time', [0, 0, 0], 2, 3],
    ['nothing of nothing', [], 2, 0],
  ])('is %s', (_, seconds, lanes, wanted) => {
    expect(portionOf(seconds, lanes)).toBe(wanted);
  });

  test('after portion uses up what there is, and no lane gets more than its share or one architecture', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-3, max: 10, noNaN: true }), { minLength: 1 }),
        fc.integer({ min: 1, max: 64 }),
        (seconds, lanes) => {
          let left = seconds;
          while (left.length > 0) {
            const count = portionOf(left, lanes);
            const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
            expect(count).toBeGreaterThan(0);
            const share = Math.min(1.5, sum(left) / (2 * lanes));
            expect(count === 1 || sum(left.slice(0, count)) <= share).toBe(true);
            left = left.slice(count);
          }
        },
      ),
    );
  });
});
