// The gradient indicators as an evaluation reads them: what they make of derivatives, and who pays.

import type { Backend } from '../../../src/engine/backend.ts';
import { evaluate, networkOf } from '../../../src/engine/evaluate.ts';
import type { Gradient } from '../../../src/engine/gradients/gradient.ts';
import { openSimd } from '../../../src/engine/simd/backend.ts';
import { weightValues } from '../../../src/engine/weights.ts';
import type { IndicatorName, Protocol } from '../../../src/search/evaluation.ts';
import { imagesFor } from '../backend.contract.ts';

const genotype = [0, 0, 5, 1, 3, 1, 2, 3, 6, 2, 0, 1, 2, 3];
const DEAD = [7, 0, 7, 0, 7, 0, 7, 0, 7, 0, 0, 1, 2, 3];

const protocolFor = (...indicators: readonly IndicatorName[]): Protocol => ({
  space: 'mstf',
  dataset: 'test',
  batch: 'test',
  batchSize: 4,
  input: [6, 7, 1],
  classes: 2,
  multiLabel: false,
  initChannels: 4,
  seed: 3,
  indicators,
  numerics: 'test',
});
const batch = { images: imagesFor(3, 4, [6, 7, 1]), labels: Int32Array.of(0, 1, 0, 1) };

/** Says what it is asked, and answers `answer`. */
function recording(answer: Gradient, bent = 0): { readonly backend: Backend; readonly asked: string[] } {
  const asked: string[] = [];
  const backend: Backend = {
    numerics: 'test',
    activity: async () => ({ distances: Float64Array.of(0, 1, 1, 0), logits: new Float32Array() }),
    sensitivity: async () => ({ mantissa: 1, exponent: 0 }),
    async gradient(_, wanted) {
      asked.push(`gradient for ${[...wanted].toSorted().join(' and ')}`);
      return answer;
    },
    async curvature(_, direction) {
      asked.push(`curvature along ${direction === answer ? 'it' : 'another'}`);
      return bent;
    },
    trainer: () => Promise.reject(new Error('no indicator trains')),
  };
  return { backend, asked };
}

describe('what an indicator costs', () => {
  const cases: readonly {
    readonly indicators: readonly IndicatorName[];
    readonly wanted: readonly string[];
  }[] = [
    { indicators: ['jacobCov', 'synflow'], wanted: [] },
    { indicators: ['gradNorm', 'synflow'], wanted: ['gradient for weights'] },
    { indicators: ['fisher', 'jacobCov'], wanted: ['gradient for fisher'] },
    { indicators: ['snip', 'fisher'], wanted: ['gradient for fisher and weights'] },
    { indicators: ['fisher', 'gradNorm', 'snip'], wanted: ['gradient for fisher and weights'] },
    {
      indicators: ['grasp', 'synflow'],
      wanted: ['gradient for curvature and weights', 'curvature along it'],
    },
    {
      indicators: ['snip', 'grasp', 'fisher', 'gradNorm'],
      wanted: ['gradient for curvature and fisher and weights', 'curvature along it'],
    },
  ];
  test.each(cases)('$indicators', async ({ indicators, wanted }) => {
    const { backend, asked } = recording([]);
    const { scores } = await evaluate({ genotype, protocol: protocolFor(...indicators), batch }, backend);
    expect(asked).toEqual(wanted);
    expect(Object.keys(scores)).toEqual(indicators);
  });

  test('the time of a shared pass is that of who asks first', async () => {
    const { backend } = recording([]);
    const slow: Backend = {
      ...backend,
      gradient: async (problem, wanted) => {
        const end = performance.now() + 30;
        while (performance.now() < end);
        return backend.gradient(problem, wanted);
      },
    };
    const { scores } = await evaluate({ genotype, protocol: protocolFor('snip', 'fisher'), batch }, slow);
    expect(scores.snip?.seconds).toBeGreaterThanOrEqual(0.03);
    expect(scores.fisher?.seconds).toBeLessThan(0.03);
  });
});

describe('values', () => {
  const protocol = protocolFor('gradNorm', 'snip', 'grasp', 'fisher');
  const network = networkOf(genotype, protocol);
  const stem = network.nodes.findIndex(({ path }) => path === 'stem.conv');
  const head = network.nodes.length - 1;

  test('by hand', async () => {
    const layers: Gradient = [
      { node: stem, weights: Float32Array.of(3, -4), fisher: 0.5 },
      { node: head, weights: Float32Array.of(-2), fisher: 0.25 },
    ];
    const [s, h] = [stem, head].map((i) => weightValues(network, network.nodes[i]!, 3)) as [
      Float32Array,
      Float32Array,
    ];
    const { backend } = recording(layers, 6);
    const { status, scores } = await evaluate({ genotype, protocol, batch }, backend);
    expect(status).toBe('ok');
    expect(scores.gradNorm?.value).toBe(7);
    expect(scores.fisher?.value).toBe(0.75);
    expect(scores.grasp?.value).toBe(-6);
    const wanted = Math.abs(3 * s[0]!) + Math.abs(4 * s[1]!) + Math.abs(2 * h[0]!);
    expect(scores.snip?.value).toBeCloseTo(wanted, 12);
  });

  test.each([
    { bad: Number.NaN, name: 'NaN' },
    { bad: Number.POSITIVE_INFINITY, name: 'infinite' },
  ])('$name is null, and infeasible', async ({ bad }) => {
    const { backend } = recording([{ node: stem, weights: Float32Array.of(bad), fisher: bad }], bad);
    const evaluation = await evaluate({ genotype, protocol, batch }, backend);
    expect(Object.values(evaluation.scores).map(({ value }) => value)).toEqual([null, null, null, null]);
    expect(evaluation).toMatchObject({
      status: 'infeasible',
      reason:
        'gradNorm: its gradient is not finite; snip: its gradient is not finite; ' +
        'grasp: its second derivative is not finite; fisher: its gradient is not finite',
    });
  });

  test('a network that learns nothing has zeros, and is feasible', async () => {
    const { status, scores } = await evaluate(
      { genotype: DEAD, protocol, batch },
      await openSimd({ wide: false }),
    );
    expect(status).toBe('ok');
    expect(Object.values(scores).map(({ value }) => value)).toEqual([0, 0, 0, 0]);
  });
});
