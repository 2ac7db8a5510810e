import fc from 'fast-check';
import type { Activity, Backend } from '../../src/engine/backend.ts';
import { pairVectors } from '../../src/engine/kernels/load.ts';
import type { Sensitivity } from '../../src/engine/sensitivity.ts';
import { openSimd } from '../../src/engine/simd/backend.ts';
import { openTfjs } from '../../src/engine/tfjs.ts';
import { reluUnits, type Shape } from '../../src/search/network.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import type { Genotype } from '../../src/search/space/space.ts';
import { backendContract, differences, imagesFor, largest } from './backend.contract.ts';

pairVectors();

const VARIANTS = (['relaxed', 'simd'] as const).flatMap((build) =>
  [false, true].map((wide) => ({ build, wide })),
);

backendContract('tf.js', openTfjs);
for (const { build, wide } of VARIANTS) {
  backendContract(`SIMD, ${build} build, ${wide ? 'wide' : 'narrow'}`, () => openSimd({ build, wide }));
}

interface Asked {
  readonly genotype: Genotype;
  readonly input: Shape;
  readonly classes: number;
  readonly initChannels: number;
  readonly seed: number;
  readonly batch: number;
}

interface Answer extends Activity {
  readonly sensitivity: Sensitivity;
}

async function ask(
  backend: Backend,
  { genotype, input, classes, initChannels, seed, batch }: Asked,
): Promise<Answer> {
  const network = mstf.build(genotype, { input, classes, initChannels });
  const images = imagesFor(seed, batch, input);
  return {
    ...(await backend.activity(network, { images, labels: new Int32Array() }, input, seed, true)),
    sensitivity: await backend.sensitivity(network, input, seed),
  };
}

/**
 * A few units of the smallest networks: what is 0 but for rounding has either sign, in one network of a
 * hundred for a unit or two and in very few for more. Arithmetic that is wrong flips hundreds.
 */
const UNITS_ALLOWED = 12;

function expectClose(fast: Answer, slow: Answer, units: number): void {
  const allowed = Math.max(UNITS_ALLOWED, 2e-4 * units);
  expect(largest(differences(fast.distances, slow.distances))).toBeLessThanOrEqual(allowed);
  expect(fast.logits).toHaveLength(slow.logits.length);
  const scale = largest(slow.logits);
  expect(largest(differences(fast.logits, slow.logits))).toBeLessThanOrEqual(1e-3 * scale);
  expect(fast.sensitivity.mantissa > 0).toBe(slow.sensitivity.mantissa > 0);
  if (slow.sensitivity.mantissa === 0) return;
  const log = ({ sensitivity: { mantissa, exponent } }: Answer): number =>
    Math.log(mantissa) + exponent * Math.LN2;
  expect(Math.abs(log(fast) - log(slow))).toBeLessThanOrEqual(1e-3);
}

describe('the SIMD executor agrees with tf.js', () => {
  let slow: Backend;
  let fast: readonly Backend[];
  beforeAll(async () => {
    slow = await openTfjs();
    fast = await Promise.all(VARIANTS.map((variant) => openSimd(variant)));
  });

  async function expectSame(asked: Asked): Promise<void> {
    const units = reluUnits(mstf.build(asked.genotype, asked));
    const wanted = await ask(slow, asked);
    const [relaxed, relaxedWide, simd, simdWide] = await Promise.all(
      fast.map((backend) => ask(backend, asked)),
    );
    expectClose(relaxed as Answer, wanted, units);
    expectClose(simd as Answer, wanted, units);
    expect(relaxedWide).toEqual(relaxed);
    expect(simdWide).toEqual(simd);
  }

  const common = { input: [9, 11, 3], classes: 3, initChannels: 8, seed: 5, batch: 6 } as const;
  const POOLS = [0, 1, 2, 3];
  test.each<{ readonly name: string; readonly block: Genotype }>([
    { name: 'all zero', block: [7, 0, 7, 0, 7, 0, 7, 0, 7, 0, ...POOLS] },
    { name: 'convolutions fed only by zero', block: [7, 0, 0, 1, 5, 1, 3, 2, 1, 3, ...POOLS] },
    { name: 'zero beside others', block: [7, 0, 0, 0, 5, 1, 4, 2, 6, 0, ...POOLS] },
    { name: 'zero after convolutions', block: [0, 0, 5, 1, 7, 2, 7, 3, 6, 0, ...POOLS] },
    { name: 'all identity', block: [6, 0, 6, 0, 6, 0, 6, 0, 6, 0, ...POOLS] },
    { name: 'an identity chain', block: [6, 0, 6, 1, 6, 2, 6, 3, 6, 4, ...POOLS] },
    { name: 'one tensor loose several times over', block: [0, 0, 6, 1, 6, 1, 6, 1, 5, 0, ...POOLS] },
    { name: 'an identity that is read and one that is not', block: [6, 0, 5, 1, 6, 2, 6, 0, 2, 1, ...POOLS] },
    { name: 'one tensor read by ReLUs of every kind', block: [0, 0, 6, 1, 5, 1, 0, 1, 5, 1, ...POOLS] },
    { name: 'the same, dense convolutions first', block: [5, 0, 5, 0, 3, 0, 2, 0, 5, 0, ...POOLS] },
    { name: 'the same, loose too through an identity', block: [1, 0, 5, 1, 4, 1, 5, 1, 6, 1, ...POOLS] },
    { name: 'one loose end: a chain', block: [0, 0, 5, 1, 3, 2, 2, 3, 4, 4, ...POOLS] },
    { name: 'two loose ends', block: [0, 0, 5, 1, 3, 1, 2, 3, 4, 2, ...POOLS] },
    { name: 'three loose ends', block: [0, 0, 5, 1, 3, 1, 2, 1, 4, 2, ...POOLS] },
    { name: 'four loose ends', block: [0, 0, 5, 1, 3, 1, 2, 1, 4, 1, ...POOLS] },
    { name: 'five loose ends', block: [0, 0, 1, 0, 2, 0, 3, 0, 5, 0, ...POOLS] },
    { name: 'equal pools', block: [5, 0, 5, 0, 4, 1, 6, 3, 0, 2, 4, 4, 4, 4] },
    { name: 'equal pools apart', block: [5, 0, 7, 0, 4, 1, 6, 3, 0, 2, 4, 5, 4, 5] },
  ])('$name', async ({ block }) => {
    await expectSame({ ...common, genotype: [...block, ...block, ...block] });
    await expectSame({ ...common, genotype: block, input: [7, 6, 1], classes: 1 });
  });

  test.each([0, 2, 5])('six blocks of 64 channels and operation %p', async (op) => {
    const block = [op, 0, op, 1, op, 2, op, 3, op, 4, ...POOLS];
    const network = mstf.build([block, block, block, block, block, block].flat(), {
      input: [12, 12, 3],
      classes: 2,
      initChannels: 64,
    });
    const { mantissa, exponent } = await (fast[0] as Backend).sensitivity(network, [12, 12, 3], 1);
    expect(Math.abs(Math.log2(mantissa))).toBeLessThan(64);
    // Past what float32 holds.
    expect(exponent).toBeGreaterThan(128);
  });

  test('on random networks of odd sizes', async () => {
    const asked = fc.integer({ min: 1, max: 4 }).chain((blocks) =>
      fc.record({
        genotype: fc.tuple(...mstf.upperBounds(blocks).map((max) => fc.integer({ min: 0, max }))),
        input: fc.tuple(
          fc.integer({ min: 5, max: 33 }),
          fc.integer({ min: 5, max: 33 }),
          fc.constantFrom(1, 3),
        ),
        classes: fc.integer({ min: 1, max: 5 }),
        initChannels: fc.constantFrom(4, 8, 12),
        seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        batch: fc.integer({ min: 2, max: 8 }),
      }),
    );
    await fc.assert(fc.asyncProperty(asked, expectSame), { numRuns: 40 });
  });
});
