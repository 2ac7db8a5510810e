// What every backend promises: the goldens' values within the specification's tolerances (section 3), and
// results that depend on nothing but what was asked.

import type { Backend } from '../../src/engine/backend.ts';
import { kernelMatrix } from '../../src/engine/indicators/jacobCov.ts';
import { logAbsDeterminant } from '../../src/engine/logdet.ts';
import { type Network, reluUnits, type Shape } from '../../src/search/network.ts';
import { streamKey, uniformAt } from '../../src/search/random.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import { type Golden, GOLDENS } from '../golden/goldens.ts';
import { logSynflowOfPixel } from './pixel.ts';

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

      test('kernel, logits, jacobCov', async () => {
        const { distances, logits } = await backend.activity(
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

      test('SynFlow', async () => {
        const { mantissa, exponent } = await backend.sensitivity(network, input, golden.seed);
        if (golden.logSynflow === null) expect(mantissa).toBe(0);
        else {
          const log = Math.log(mantissa) + exponent * Math.LN2;
          expect(Math.abs(log / golden.logSynflow - 1)).toBeLessThanOrEqual(1e-3);
        }
      });
    });

    test('nothing depends on what was computed before, or on the logits being asked for', async () => {
      const [a, b] = [caseOf(GOLDENS[0] as Golden), caseOf(GOLDENS[5] as Golden)];
      const run = async ({ network, input, images }: Case, wanted: boolean) => {
        const { distances, logits } = await backend.activity(
          network,
          { images, labels: none },
          input,
          7,
          wanted,
        );
        expect(logits.length > 0).toBe(wanted);
        return [[...distances], await backend.sensitivity(network, input, 7)];
      };
      const before = await run(a, true);
      await run(b, true);
      expect(await run(a, true)).toEqual(before);
      expect(await run(a, false)).toEqual(before);
    });

    describe('SynFlow neither overflows nor vanishes, however deep', () => {
      const chain = (op: number) => [op, 0, op, 1, op, 2, op, 3, op, 4, 0, 1, 2, 3];
      const logOf = async (network: Network, input: Shape): Promise<number> => {
        const { mantissa, exponent } = await backend.sensitivity(network, input, 1);
        // Far from where float32 ends, so that no digit is lost on the way.
        expect(Math.abs(Math.log2(mantissa))).toBeLessThan(64);
        return Math.log(mantissa) + exponent * Math.LN2;
      };

      test.each([0, 1, 2, 3, 4, 5])('six blocks of chains of operation %p', async (op) => {
        const genotype = Array.from({ length: 6 }, () => chain(op)).flat();
        const [wide, narrow]: readonly Shape[] = [
          [28, 28, 3],
          [5, 5, 1],
        ];
        await logOf(
          mstf.build(genotype, { input: wide as Shape, classes: 2, initChannels: 8 }),
          wide as Shape,
        );
        await logOf(
          mstf.build(genotype, { input: narrow as Shape, classes: 2, initChannels: 4 }),
          narrow as Shape,
        );
      });

      // All taps but one on padding: the values shrink by up to 49 a layer.
      test.each<{ readonly name: string; readonly block: readonly number[] }>([
        { name: 'separable 7 x 7', block: chain(2) },
        { name: 'dilated 5 x 5', block: chain(4) },
        { name: 'dense 7 x 1, 1 x 7', block: chain(5) },
        { name: 'paths of all lengths', block: [2, 0, 6, 0, 5, 1, 4, 3, 0, 0, 0, 5, 3, 3] },
        { name: 'with zeros', block: [7, 0, 2, 0, 5, 1, 3, 2, 6, 0, 0, 1, 2, 3] },
      ])('on one pixel it is that of plain float64: $name', async ({ block }) => {
        const input: Shape = [1, 1, 3];
        const genotype = Array.from({ length: 6 }, () => block).flat();
        const network = mstf.build(genotype, { input, classes: 3, initChannels: 4 });
        expect(Math.abs((await logOf(network, input)) - logSynflowOfPixel(network, 1))).toBeLessThan(1e-5);
      });
    });
  });
}
