// Plans are right before anything runs: every step reads what has been written and not since
// overwritten by something else.

import fc from 'fast-check';
import { planActivity } from '../../../src/engine/simd/activity.ts';
import type { View } from '../../../src/engine/simd/arena.ts';
import { planSensitivity } from '../../../src/engine/simd/sensitivity.ts';
import type { Plan, Step } from '../../../src/engine/simd/steps.ts';
import { macs } from '../../../src/search/network.ts';
import { mstf } from '../../../src/search/space/mstf.ts';

const genotypes = fc
  .integer({ min: 1, max: 4 })
  .chain((blocks) => fc.tuple(...mstf.upperBounds(blocks).map((max) => fc.integer({ min: 0, max }))));

const build = (genotype: readonly number[]) =>
  mstf.build(genotype, { input: [9, 9, 3], classes: 3, initChannels: 8 });

/** Runs a plan on labels instead of numbers: each float of the arena says which buffer's it is. */
function expectSound({ steps, layout, images, input }: Plan): void {
  const arena = new Int32Array(layout.floats).fill(-1);
  const cells = (view: View): readonly number[] => {
    const start = (layout.offsets[view.buffer] as number) + view.channel;
    return Array.from(
      { length: images * view.height * view.width * view.channels },
      (_, i) => start + Math.floor(i / view.channels) * view.stride + (i % view.channels),
    );
  };
  const write = (view: View): void => cells(view).forEach((cell) => (arena[cell] = view.buffer));
  const expectWritten = (view: View, step: Step): void => {
    const foreign = cells(view).some((cell) => arena[cell] !== view.buffer);
    if (foreign) throw new Error(`${step.kind} reads what is not there (any more)`);
  };
  write(input);
  for (const step of steps) {
    if ('from' in step) expectWritten(step.from, step);
    if (step.kind === 'addFirst' || step.kind === 'scale') expectWritten(step.to, step);
    if ('to' in step && step.to !== null) write(step.to);
  }
}

test('a forward pass reads only what is there', () => {
  fc.assert(
    fc.property(genotypes, fc.boolean(), (genotype, logits) =>
      expectSound(planActivity(build(genotype), 2, logits)),
    ),
    { numRuns: 200 },
  );
});

test('SynFlow reads only what is there', () => {
  fc.assert(
    fc.property(genotypes, (genotype) => expectSound(planSensitivity(build(genotype)).plan)),
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
