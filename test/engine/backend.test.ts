import fc from 'fast-check';
import type { Backend } from '../../src/engine/backend.ts';
import { openSimd } from '../../src/engine/simd/backend.ts';
import { openTfjs } from '../../src/engine/tfjs.ts';
import { reluUnits, type Shape } from '../../src/search/network.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import type { Genotype } from '../../src/search/space/space.ts';
import { backendContract, differences, imagesFor, largest } from './backend.contract.ts';

backendContract('tf.js', openTfjs);
for (const build of ['relaxed', 'simd'] as const) {
  for (const wide of [false, true]) {
    backendContract(`SIMD, ${build} build, ${wide ? 'wide' : 'narrow'}`, () => openSimd({ build, wide }));
  }
}

interface Asked {
  readonly genotype: Genotype;
  readonly input: Shape;
  readonly classes: number;
  readonly initChannels: number;
  readonly seed: number;
  readonly batch: number;
}

describe('the SIMD executor agrees with tf.js', () => {
  let [fast, slow]: readonly (Backend | null)[] = [null, null];
  beforeAll(async () => {
    [fast, slow] = [await openSimd(), await openTfjs()];
  });

  function expectSame({ genotype, input, classes, initChannels, seed, batch }: Asked): void {
    const network = mstf.build(genotype, { input, classes, initChannels });
    const images = imagesFor(seed, batch, input);
    const [a, b] = [fast, slow].map((backend) => ({
      activity: (backend as Backend).activity(
        network,
        { images, labels: new Int32Array() },
        input,
        seed,
        true,
      ),
      sensitivity: (backend as Backend).sensitivity(network, input, seed),
    })) as [Asserted, Asserted];
    const allowed = Math.max(4, 2e-4 * reluUnits(network));
    expect(largest(differences(a.activity.distances, b.activity.distances))).toBeLessThanOrEqual(allowed);
    expect(a.activity.logits).toHaveLength(b.activity.logits.length);
    const scale = Math.max(1e-3, largest(b.activity.logits));
    expect(largest(differences(a.activity.logits, b.activity.logits))).toBeLessThanOrEqual(2e-3 * scale);
    expect(a.sensitivity.mantissa > 0).toBe(b.sensitivity.mantissa > 0);
    if (b.sensitivity.mantissa === 0) return;
    const log = ({ sensitivity: { mantissa, exponent } }: Asserted): number =>
      Math.log(mantissa) + exponent * Math.LN2;
    expect(Math.abs(log(a) - log(b))).toBeLessThanOrEqual(1e-3);
  }
  type Asserted = {
    readonly activity: ReturnType<Backend['activity']>;
    readonly sensitivity: ReturnType<Backend['sensitivity']>;
  };

  const common = { input: [9, 11, 3], classes: 3, initChannels: 8, seed: 5, batch: 6 } as const;
  const POOLS = [0, 1, 2, 3];
  test.each<{ readonly name: string; readonly block: Genotype }>([
    { name: 'all zero', block: [7, 0, 7, 0, 7, 0, 7, 0, 7, 0, ...POOLS] },
    { name: 'convolutions fed only by zero', block: [7, 0, 0, 1, 5, 1, 3, 2, 1, 3, ...POOLS] },
    { name: 'zero beside others', block: [7, 0, 0, 0, 5, 1, 4, 2, 6, 0, ...POOLS] },
    { name: 'all identity', block: [6, 0, 6, 0, 6, 0, 6, 0, 6, 0, ...POOLS] },
    { name: 'an identity that is read and one that is not', block: [6, 0, 5, 1, 6, 2, 6, 0, 2, 1, ...POOLS] },
    {
      name: 'one tensor read by ReLUs of every kind and loose',
      block: [0, 0, 6, 1, 5, 1, 0, 1, 5, 1, ...POOLS],
    },
    { name: 'one loose end: a chain', block: [0, 0, 5, 1, 3, 2, 2, 3, 4, 4, ...POOLS] },
    { name: 'five loose ends', block: [0, 0, 1, 0, 2, 0, 3, 0, 5, 0, ...POOLS] },
    { name: 'equal pools', block: [5, 0, 5, 0, 4, 1, 6, 3, 0, 2, 4, 4, 5, 4] },
  ])('$name', ({ block }) => {
    expectSame({ ...common, genotype: [...block, ...block, ...block] });
  });

  test('on random networks of odd sizes', () => {
    const asked = fc.integer({ min: 1, max: 4 }).chain((blocks) =>
      fc.record({
        genotype: fc.tuple(...mstf.upperBounds(blocks).map((max) => fc.integer({ min: 0, max }))),
        input: fc.tuple(
          fc.integer({ min: 5, max: 20 }),
          fc.integer({ min: 5, max: 20 }),
          fc.constantFrom(1, 3),
        ),
        classes: fc.integer({ min: 1, max: 5 }),
        initChannels: fc.constantFrom(4, 8, 12),
        seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        batch: fc.integer({ min: 2, max: 8 }),
      }),
    );
    fc.assert(fc.property(asked, expectSame), { numRuns: 40 });
  });
});
