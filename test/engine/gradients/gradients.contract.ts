// What whoever computes derivatives of the loss promises: the goldens' values (spec section 3), and the
// truth as differences in float64 tell it, for every op and every way they meet.

import fc from 'fast-check';
import {
  type Derivative,
  type Gradient,
  type Gradients,
  type Problem,
} from '../../../src/engine/gradients/gradient.ts';
import type { Shape } from '../../../src/search/network.ts';
import { streamKey, uniformAt } from '../../../src/search/random.ts';
import { mstf } from '../../../src/search/space/mstf.ts';
import { weightValues } from '../../../src/engine/weights.ts';
import { imagesFor } from '../backend.contract.ts';
import { type Golden, GOLDENS } from '../../golden/goldens.ts';
import { networkOf, TINY } from './networks.ts';
import { curvature, type Direction, fisher, layersOf, slope, thetaOf } from './truth.ts';

const ALL: ReadonlySet<Derivative> = new Set(['weights', 'fisher']);

function goldenProblem({
  genotype,
  size,
  inputChannels,
  classes,
  initChannels,
  seed,
  batch,
}: Golden): Problem {
  const input: Shape = [size, size, inputChannels];
  return {
    network: mstf.build(genotype, { input, classes, initChannels }),
    batch: {
      images: imagesFor(seed, batch, input),
      labels: Int32Array.from({ length: batch }, (_, n) => n % classes),
    },
    input,
    seed,
    multiLabel: false,
  };
}

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Values as the indicators make them of a gradient. */
function scoresOf(
  { network, seed }: Problem,
  layers: Gradient,
): Readonly<Record<'gradNorm' | 'snip' | 'fisher', number>> {
  return {
    gradNorm: total(layers.map(({ weights }) => Math.hypot(...weights))),
    snip: total(
      layers.map(({ node, weights }) => {
        const theta = weightValues(network, network.nodes[node] as (typeof network.nodes)[number], seed);
        return total(Array.from(weights, (g, i) => Math.abs(g * (theta[i] as number))));
      }),
    ),
    fisher: total(layers.map((layer) => layer.fisher)),
  };
}

/** Random labels, of either kind, and weights. */
function problemOf(
  network: Problem['network'],
  input: Shape,
  classes: number,
  images: number,
  seed: number,
  multiLabel: boolean,
): Problem {
  const key = streamKey(seed, 'labels');
  const labels = Int32Array.from({ length: multiLabel ? images * classes : images }, (_, i) =>
    Math.floor(uniformAt(key, i) * (multiLabel ? 2 : classes)),
  );
  return { network, batch: { images: imagesFor(seed, images, input), labels }, input, seed, multiLabel };
}

const asDirection = (layers: Gradient): Direction =>
  new Map(layers.map(({ node, weights }) => [node, weights]));

/** A direction of noise, with the weights' own scale. */
function noiseFor({ network, seed }: Problem, salt: number): Gradient {
  return layersOf(network).map(({ index, node, count }) => {
    const key = streamKey(seed + salt, node.path);
    return {
      node: index,
      weights: Float32Array.from({ length: count }, (_, i) => uniformAt(key, i) - 0.5),
      fisher: 0,
    };
  });
}

const dot = (a: Direction, b: Direction): number =>
  total(
    [...a].map(([node, values]) => total(Array.from(values, (v, i) => v * (b.get(node)?.[i] as number)))),
  );

interface Terms {
  /** Random networks. */
  readonly numRuns: number;
  /** Of fisher, relative; the specification's is 1e-3. */
  readonly fisher: number;
}

export function gradientsContract(name: string, open: () => Promise<Gradients>, terms: Terms): void {
  describe(name, () => {
    let gradients: Gradients;
    beforeAll(async () => {
      gradients = await open();
    });

    describe.each(GOLDENS.map((golden, i) => ({ ...golden, i })))('golden $i', (golden) => {
      const problem = goldenProblem(golden);

      test('gradNorm, snip, fisher, grasp', async () => {
        const layers = await gradients.gradient(problem, ALL);
        const scores = scoresOf(problem, layers);
        const expectNear = (value: number, wanted: number | null, tolerance: number): void =>
          expect(Math.abs(value - (wanted as number))).toBeLessThanOrEqual(
            tolerance * Math.abs(wanted as number),
          );
        expectNear(scores.gradNorm, golden.gradNorm, 1e-3);
        expectNear(scores.snip, golden.snip, 1e-3);
        expectNear(scores.fisher, golden.fisher, terms.fisher);
        expectNear(-(await gradients.curvature(problem, layers)), golden.grasp, 1e-2);
      });
    });

    describe('against differences in float64', () => {
      // Every other one with several labels an image.
      const cases = TINY.map((tiny, i) => ({ ...tiny, multiLabel: i % 2 === 1 }));
      test.each(cases)('$name, several labels: $multiLabel', async ({ multiLabel, ...tiny }) => {
        const network = networkOf(tiny);
        const problem = problemOf(network, tiny.input, tiny.classes, 3, 12, multiLabel);
        const layers = await gradients.gradient(problem, ALL);
        expect(layers.map(({ node }) => node)).toEqual(layersOf(network).map(({ index }) => index));
        const own = asDirection(layers);
        const scale = Math.sqrt(dot(own, own));
        for (const salt of [1, 2, 3]) {
          // A layer at a time: a wrong value anywhere shows in a sum with random factors.
          for (const { node, weights } of noiseFor(problem, salt)) {
            const along: Direction = new Map([[node, weights]]);
            const error = Math.abs(dot(along, own) - slope(problem, along));
            expect(error).toBeLessThanOrEqual(2e-5 * scale * Math.hypot(...weights) + 1e-8);
          }
        }
        const channels = fisher(problem);
        const all = total([...channels.values()]);
        for (const layer of layers) {
          expect(Math.abs(layer.fisher - (channels.get(layer.node) as number))).toBeLessThanOrEqual(
            1e-4 * all + 1e-12,
          );
        }
        const direction = noiseFor(problem, 4);
        const truth = curvature(problem, thetaOf(problem), asDirection(direction));
        const bent = await gradients.curvature(problem, direction);
        expect(Math.abs(bent - truth)).toBeLessThanOrEqual(1e-4 * Math.max(Math.abs(truth), scale) + 1e-6);
      });
    });

    test('networks of the search space, along random directions', async () => {
      const asked = fc.integer({ min: 1, max: 3 }).chain((blocks) =>
        fc.record({
          genotype: fc.tuple(...mstf.upperBounds(blocks).map((max) => fc.integer({ min: 0, max }))),
          input: fc.tuple(
            fc.integer({ min: 1, max: 9 }),
            fc.integer({ min: 1, max: 9 }),
            fc.constantFrom(1, 3),
          ),
          classes: fc.integer({ min: 1, max: 4 }),
          images: fc.integer({ min: 2, max: 5 }),
          seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
          multiLabel: fc.boolean(),
        }),
      );
      await fc.assert(
        fc.asyncProperty(asked, async ({ genotype, input, classes, images, seed, multiLabel }) => {
          const network = mstf.build(genotype, { input, classes, initChannels: 4 });
          const problem = problemOf(network, input, classes, images, seed, multiLabel);
          const layers = await gradients.gradient(problem, ALL);
          const own = asDirection(layers);
          const direction = noiseFor(problem, 2);
          const scale =
            Math.sqrt(dot(own, own)) * Math.sqrt(dot(asDirection(direction), asDirection(direction)));
          const expected = slope(problem, asDirection(direction));
          expect(Math.abs(dot(own, asDirection(direction)) - expected)).toBeLessThanOrEqual(
            1e-3 * scale + 1e-7,
          );
        }),
        { numRuns: terms.numRuns, seed: 7 },
      );
    });

    test('only what is wanted is found out', async () => {
      const [tiny] = TINY.slice(-1) as [(typeof TINY)[number]];
      const problem = problemOf(networkOf(tiny), tiny.input, tiny.classes, 3, 5, false);
      const both = await gradients.gradient(problem, ALL);
      const weights = await gradients.gradient(problem, new Set<Derivative>(['weights', 'curvature']));
      expect(weights).toEqual(both.map((layer) => ({ ...layer, fisher: 0 })));
      const saliency = await gradients.gradient(problem, new Set<Derivative>(['fisher']));
      expect(saliency).toEqual(both.map((layer) => ({ ...layer, weights: new Float32Array() })));
      expect(total(both.map((layer) => layer.fisher))).toBeGreaterThan(0);
    });

    test('nothing depends on what was computed before', async () => {
      const [a, b] = [TINY.at(-1), TINY.at(-5)].map((tiny) =>
        problemOf(
          networkOf(tiny as (typeof TINY)[number]),
          (tiny as (typeof TINY)[number]).input,
          3,
          4,
          3,
          false,
        ),
      ) as [Problem, Problem];
      const all = async (problem: Problem) => {
        const layers = await gradients.gradient(problem, ALL);
        return [layers, await gradients.curvature(problem, layers)];
      };
      const before = await all(a);
      await all(b);
      expect(await all(a)).toEqual(before);
    });

    test('an image that is not finite makes the gradient so', async () => {
      const [tiny] = TINY.slice(-1) as [(typeof TINY)[number]];
      const problem = problemOf(networkOf(tiny), tiny.input, tiny.classes, 3, 5, false);
      problem.batch.images[7] = Number.NaN;
      const layers = await gradients.gradient(problem, ALL);
      expect(Number.isFinite(scoresOf(problem, layers).gradNorm)).toBe(false);
      expect(Number.isFinite(scoresOf(problem, layers).fisher)).toBe(false);
      expect(Number.isFinite(await gradients.curvature(problem, layers))).toBe(false);
    });
  });
}
