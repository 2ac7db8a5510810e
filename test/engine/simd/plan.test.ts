// Plans are right before anything runs: they mean what their network does, and what lives at once shares
// no memory.

import fc from 'fast-check';
import { planActivity } from '../../../src/engine/simd/activity.ts';
import type { View } from '../../../src/engine/simd/arena.ts';
import { planSensitivity } from '../../../src/engine/simd/sensitivity.ts';
import type { Plan } from '../../../src/engine/simd/steps.ts';
import { macs } from '../../../src/search/network.ts';
import { mstf } from '../../../src/search/space/mstf.ts';
import { meaningOf, meaningOfPlan } from './meaning.ts';

const genotypes = fc
  .integer({ min: 1, max: 4 })
  .chain((blocks) => fc.tuple(...mstf.upperBounds(blocks).map((max) => fc.integer({ min: 0, max }))));

const build = (genotype: readonly number[]) =>
  mstf.build(genotype, { input: [9, 6, 3], classes: 3, initChannels: 4 });

test('a forward pass codes and pools what its network does', () => {
  fc.assert(
    fc.property(genotypes, fc.boolean(), (genotype, logits) => {
      const network = build(genotype);
      const { coded, features } = meaningOfPlan(planActivity(network, 2, logits));
      const wanted = meaningOf(network);
      expect(coded).toEqual(wanted.coded);
      expect(features).toBe(logits ? wanted.features : null);
    }),
    { numRuns: 400 },
  );
});

/** Who may read a buffer and who may write it, from the steps alone. */
function expectApart({ steps, layout, images, input }: Plan): void {
  const lives = new Map<number, { first: number; last: number; floats: number }>();
  const touch = ({ buffer, height, width, stride }: View, step: number): void => {
    const life = lives.get(buffer) ?? { first: step, last: step, floats: 0 };
    const floats = Math.max(life.floats, images * height * width * stride);
    lives.set(buffer, { first: life.first, last: step, floats });
  };
  touch(input, 0);
  steps.forEach((step, i) => {
    if ('from' in step) touch(step.from, i);
    if ('to' in step && step.to !== null) touch(step.to, i);
  });
  for (const [a, one] of lives) {
    for (const [b, other] of lives) {
      if (a >= b || one.first > other.last || other.first > one.last) continue;
      const [from, to] = [layout.offsets[a] as number, layout.offsets[b] as number];
      expect(from + one.floats <= to || to + other.floats <= from).toBe(true);
    }
  }
}

test('buffers that live at once lie apart', () => {
  fc.assert(
    fc.property(genotypes, fc.boolean(), (genotype, logits) => {
      const network = build(genotype);
      expectApart(planActivity(network, 2, logits));
      expectApart(planSensitivity(network).plan);
    }),
    { numRuns: 200 },
  );
});

test('SynFlow reads only what has been written', () => {
  fc.assert(
    fc.property(genotypes, (genotype) => {
      const { steps, input } = planSensitivity(build(genotype)).plan;
      const written = new Set<string>();
      const channels = ({ buffer, channel, channels: count }: View): readonly string[] =>
        Array.from({ length: count }, (_, c) => `${buffer}.${channel + c}`);
      channels(input).forEach((name) => written.add(name));
      for (const step of steps) {
        const own = step.kind === 'addFirst' || step.kind === 'scale' ? channels(step.to) : [];
        const read = 'from' in step ? channels(step.from) : own;
        expect(read.filter((name) => !written.has(name))).toEqual([]);
        if ('to' in step && step.to !== null) channels(step.to).forEach((name) => written.add(name));
      }
    }),
    { numRuns: 200 },
  );
});

test('buffers share memory: the peak of a deep network is far below the sum of its tensors', () => {
  const network = build(Array.from({ length: 4 }, () => [0, 0, 5, 1, 0, 2, 5, 3, 0, 4, 0, 1, 2, 3]).flat());
  const { layout } = planActivity(network, 2, false);
  const sum = network.nodes.reduce((floats, { shape }) => floats + 2 * shape[0] * shape[1] * shape[2], 0);
  expect(layout.floats).toBeLessThan(sum / 5);
});

test('what leads to no ReLU is not computed', () => {
  const network = build([0, 0, 1, 0, 2, 0, 3, 0, 5, 0, 0, 1, 2, 3]);
  const without = planActivity(network, 2, false).steps;
  const withLogits = planActivity(network, 2, true).steps;
  expect(macs(network)).toBeGreaterThan(0);
  expect(without.some(({ kind }) => kind === 'head' || kind === 'maxPool')).toBe(false);
  expect(withLogits.at(-1)?.kind).toBe('head');
});
