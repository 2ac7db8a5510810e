// What every backend promises: the goldens' values within the specification's tolerances (section 3), and
// results that depend on nothing but what was asked.

import type { Backend } from '../../src/engine/backend.ts';
import { kernelMatrix } from '../../src/engine/indicators/jacobCov.ts';
import { logAbsDeterminant } from '../../src/engine/logdet.ts';
import { type Network, reluUnits, type Shape } from '../../src/search/network.ts';
import { streamKey, uniformAt } from '../../src/search/random.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import { type Golden, GOLDENS } from '../golden/goldens.ts';

/** Input i is 2u - 1 of path `input` (section 3). */
export function imagesFor(seed: number, count: number, [height, width, channels]: Shape): Float32Array {
  const key = streamKey(seed, 'input');
  return Float32Array.from(
    { length: count * height * width * channels },
    (_, i) => 2 * uniformAt(key, i) - 1,
  );
}

export const largest = (values: Iterable<number>): number =>
  [...values].reduce((most, value) => Math.max(most, Math.abs(value)), 0);

export const differences = (a: ArrayLike<number>, b: ArrayLike<number>): readonly number[] =>
  Array.from(a, (value, i) => value - (b[i] as number));

interface Case {
  readonly network: Network;
  readonly input: Shape;
  readonly images: Float32Array;
}

function caseOf({ genotype, size, inputChannels, classes, initChannels, seed, batch }: Golden): Case {
  const input: Shape = [size, size, inputChannels];
  const network = mstf.build(genotype, { input, classes, initChannels });
  return { network, input, images: imagesFor(seed, batch, input) };
}

const none = new Int32Array();

export function backendContract(name: string, open: () => Promise<Backend>): void {
  describe(name, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await open();
    });

    describe.each(GOLDENS.map((golden, i) => ({ ...golden, i })))('golden $i', (golden) => {
      const { network, input, images } = caseOf(golden);

      test('kernel, logits, jacobCov', () => {
        const { distances, logits } = backend.activity(
          network,
          { images, labels: none },
          input,
          golden.seed,
          true,
        );
        const units = reluUnits(network);
        const kernel = kernelMatrix(distances, units);
        const row = kernel.subarray(0, golden.batch);
        expect(largest(differences(row, golden.kernelRow0))).toBeLessThanOrEqual(2e-4 * units);
        const first = logits.subarray(0, golden.classes);
        const scale = largest(golden.logits0);
        expect(largest(differences(first, golden.logits0))).toBeLessThanOrEqual(1e-3 * scale);
        expect(first).toHaveLength(golden.classes);
        const score = logAbsDeterminant(kernel, golden.batch) as number;
        expect(Math.abs(score - (golden.jacobCov as number))).toBeLessThanOrEqual(0.005);
      });

      test('SynFlow', () => {
        const { mantissa, exponent } = backend.sensitivity(network, input, golden.seed);
        if (golden.logSynflow === null) expect(mantissa).toBe(0);
        else {
          const log = Math.log(mantissa) + exponent * Math.LN2;
          expect(Math.abs(log / golden.logSynflow - 1)).toBeLessThanOrEqual(1e-3);
        }
      });
    });

    test('nothing depends on what was computed before, or on the logits being asked for', () => {
      const [a, b] = [caseOf(GOLDENS[0] as Golden), caseOf(GOLDENS[5] as Golden)];
      const run = ({ network, input, images }: Case, logits: boolean) => [
        [...backend.activity(network, { images, labels: none }, input, 7, logits).distances],
        backend.sensitivity(network, input, 7),
      ];
      const before = run(a, true);
      run(b, true);
      expect(run(a, false)).toEqual(before);
    });

    test('SynFlow of a deep, wide network stays finite', () => {
      const genotype = Array.from({ length: 6 }, () => [5, 0, 5, 1, 5, 2, 5, 3, 5, 4, 0, 0, 0, 0]).flat();
      const network = mstf.build(genotype, { input: [9, 9, 3], classes: 2, initChannels: 16 });
      const { mantissa, exponent } = backend.sensitivity(network, [9, 9, 3], 1);
      expect(Math.log(mantissa) + exponent * Math.LN2).toBeGreaterThan(60);
      expect(Number.isFinite(mantissa)).toBe(true);
    });
  });
}
