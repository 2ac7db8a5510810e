import { freemem, totalmem } from 'node:os';
import fc from 'fast-check';
import { type Backend, OutOfMemoryError } from '../../src/engine/backend.ts';
import { derivativesOf, evaluate, networkOf } from '../../src/engine/evaluate.ts';
import type { AllKernels } from '../../src/engine/gradients/kernels.ts';
import { derivativeDemands } from '../../src/engine/gradients/simd/gradients.ts';
import { programBytes } from '../../src/engine/gradients/simd/program.ts';
import { loadKernels } from '../../src/engine/kernels/load.ts';
import { bytesForAll, MOST_BYTES, requireFit, workerBytes, workerRoom } from '../../src/engine/memory.ts';
import { planActivity } from '../../src/engine/simd/activity.ts';
import { openSimd } from '../../src/engine/simd/backend.ts';
import { planSensitivity } from '../../src/engine/simd/sensitivity.ts';
import type { Plan } from '../../src/engine/simd/steps.ts';
import { demandOf, layOut } from '../../src/engine/simd/workspace.ts';
import { MedNasError } from '../../src/search/errors.ts';
import { type IndicatorName, TRAINING_FREE, type Protocol } from '../../src/search/evaluation.ts';
import { randomFor } from '../../src/search/random.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import { randomGenotype } from '../../src/search/variation.ts';
import { imagesFor } from './backend.contract.ts';

const MIB = 2 ** 20;

let kernels: AllKernels;
beforeAll(async () => {
  kernels = await loadKernels(new WebAssembly.Memory({ initial: 1 }), { wide: false });
});

const protocolOf = (given: Partial<Protocol>): Protocol => ({
  space: 'mstf',
  dataset: 'test',
  batch: 'test',
  batchSize: 64,
  input: [28, 28, 3],
  classes: 2,
  multiLabel: false,
  initChannels: 16,
  seed: 3,
  indicators: ['jacobCov', 'synflow'],
  numerics: 'test',
  ...given,
});

const fit = (protocol: Protocol, limit: number): void =>
  requireFit(protocol, 4, workerRoom(protocol, 4, limit, kernels));

const bytesOf = (plan: Plan): number => layOut(demandOf(plan, kernels)).bytes;

describe('what a worker may take', () => {
  test('is a share of the machine, and no more than WebAssembly has room for', () => {
    for (const workers of [1, 2, 4, 1000]) {
      const bytes = workerBytes(workers);
      expect(Number.isSafeInteger(bytes)).toBe(true);
      expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
      expect(bytes * workers).toBeLessThanOrEqual(totalmem());
    }
    expect(workerBytes(1000) * 1000).toBeGreaterThan(Math.min(freemem(), MOST_BYTES) / 2);
  });
});

describe('the bytes that suffice for every architecture', () => {
  const asked = fc.integer({ min: 1, max: 4 }).chain((blocks) =>
    fc.record({
      blocks: fc.constant(blocks),
      genotype: fc.tuple(...mstf.upperBounds(blocks).map((max) => fc.integer({ min: 0, max }))),
      protocol: fc.record({
        input: fc.tuple(
          fc.integer({ min: 1, max: 40 }),
          fc.integer({ min: 1, max: 40 }),
          fc.constantFrom(1, 3, 16),
        ),
        initChannels: fc.constantFrom(4, 8, 12, 20, 32),
        batchSize: fc.integer({ min: 2, max: 70 }),
        classes: fc.integer({ min: 1, max: 20 }),
      }),
    }),
  );

  test('do suffice', () => {
    fc.assert(
      fc.property(asked, ({ blocks, genotype, protocol: given }) => {
        const protocol = protocolOf(given);
        const network = networkOf(genotype, protocol);
        const most = bytesForAll(protocol, blocks, protocol.batchSize, kernels);
        for (const logits of [false, true]) {
          expect(bytesOf(planActivity(network, protocol.batchSize, logits))).toBeLessThanOrEqual(most);
        }
        expect(bytesOf(planSensitivity(network).plan)).toBeLessThanOrEqual(most);
      }),
      { numRuns: 300 },
    );
  });

  test('do suffice for the derivatives too, and are no more than some indicator asks for', () => {
    const indicators = fc.constantFrom<readonly IndicatorName[]>(
      ['gradNorm'],
      ['synflow', 'fisher'],
      ['snip', 'grasp'],
      TRAINING_FREE,
    );
    fc.assert(
      fc.property(asked, indicators, ({ blocks, genotype, protocol: given }, indicators) => {
        const protocol = protocolOf({ ...given, indicators });
        const { batchSize } = protocol;
        const most = bytesForAll(protocol, blocks, batchSize, kernels);
        const wanted = derivativesOf(indicators);
        const demands = derivativeDemands(networkOf(genotype, protocol), batchSize, wanted, kernels);
        expect(demands).toHaveLength(wanted.has('curvature') ? 2 : 1);
        for (const demand of demands) expect(programBytes(demand)).toBeLessThanOrEqual(most);
        const without = protocolOf({ ...given, indicators: ['jacobCov', 'synflow'] });
        expect(bytesForAll(without, blocks, batchSize, kernels)).toBeLessThanOrEqual(most);
      }),
      { numRuns: 100 },
    );
  });

  // Five loose ends, in the order and with the pools that make the most of them.
  test.each([
    [5, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3],
    [5, 0, 5, 0, 0, 0, 5, 0, 0, 0, 0, 1, 0, 1],
    [0, 0, 5, 0, 3, 0, 5, 0, 1, 0, 0, 1, 1, 0],
    [5, 0, 0, 0, 5, 0, 0, 1, 5, 1, 5, 4, 3, 2],
  ])('for %p %p %p %p %p %p %p %p %p %p ... too', (...block) => {
    const protocol = protocolOf({});
    const most = bytesForAll(protocol, 3, 64, kernels);
    for (const genotype of [[...block, ...block, ...block], block]) {
      expect(bytesOf(planActivity(networkOf(genotype, protocol), 64, true))).toBeLessThanOrEqual(most);
    }
  });

  test.each([
    { given: {}, blocks: 3 },
    { given: { initChannels: 128 }, blocks: 3 },
    { given: { input: [224, 224, 3] as const, batchSize: 8 }, blocks: 4 },
  ])('are needed by some architecture, or nearly: $given', ({ given, blocks }) => {
    const protocol = protocolOf(given);
    const genotype = Array.from({ length: blocks }, () => [5, 0, 5, 0, 5, 0, 5, 0, 5, 0, 0, 1, 2, 3]).flat();
    const needed = bytesOf(planActivity(networkOf(genotype, protocol), protocol.batchSize, true));
    expect(bytesForAll(protocol, blocks, protocol.batchSize, kernels) / needed).toBeLessThan(1.02);
  });

  test('are far below 1.5 GB at 128 channels, 64 images of 28 pixels', () => {
    expect(bytesForAll(protocolOf({ initChannels: 128 }), 3, 64, kernels)).toBeLessThan(256 * MIB);
    const all = protocolOf({ initChannels: 128, indicators: TRAINING_FREE });
    expect(bytesForAll(all, 3, 64, kernels)).toBeLessThan(1.4e9);
  });

  test('are counted beyond 32 bits', () => {
    const huge = protocolOf({ initChannels: 512, input: [28, 28, 3], batchSize: 2 });
    // 7 * 16384 * 16384 weights of one layer alone.
    expect(bytesForAll(huge, 6, 2, kernels)).toBeGreaterThan(4 * 7 * 2 ** 28);
  });
});

describe('a batch that does not fit is refused', () => {
  const protocol = protocolOf({ input: [224, 224, 3], initChannels: 128 });

  test('with the numbers and the largest that fits', () => {
    const limit = 3 * 2 ** 30;
    let error: unknown = null;
    try {
      fit(protocol, limit);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(MedNasError);
    expect(error).toMatchObject({ code: 'BATCH_TOO_LARGE', field: 'batchSize' });
    const { message } = error as MedNasError;
    const needed = Math.ceil(bytesForAll(protocol, 4, 64, kernels) / MIB);
    expect(message).toContain(`${needed} MiB`);
    expect(message).toContain('3072 MiB');
    const fits = Number(/At most (\d+) images/.exec(message)?.[1]);
    fit({ ...protocol, batchSize: fits }, limit);
    expect(() => fit({ ...protocol, batchSize: fits + 1 }, limit)).toThrow(`At most ${fits}`);
  });

  test('and said to when no batch fits', () => {
    expect(() => fit(protocol, 64 * MIB)).toThrow('Not even 2 images fit');
  });

  test('one that just fits is not', () => {
    const bytes = bytesForAll(protocol, 4, 64, kernels);
    fit(protocol, bytes);
    expect(() => fit(protocol, bytes - 1)).toThrow('At most 63 images');
  });
});

describe('a worker', () => {
  const protocol = protocolOf({ batchSize: 8, input: [12, 12, 1] });
  const batch = { images: imagesFor(1, 8, protocol.input), labels: new Int32Array(8) };
  const small = [6, 0, 6, 0, 6, 0, 6, 0, 0, 0, 0, 1, 2, 3];
  const large = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3];

  test('refuses what is over its limit, and scores the next as if nothing had been', async () => {
    const limit = bytesOf(planActivity(networkOf([...small, ...small], protocol), 8, false));
    const tight = await openSimd({ build: kernels.build, wide: false }, limit);
    const free = await openSimd({ build: kernels.build, wide: false });
    const refused = await evaluate({ genotype: [...large, ...large], protocol, batch }, tight);
    expect(refused).toMatchObject({
      status: 'infeasible',
      reason: expect.stringMatching(
        /^jacobCov: out of memory, it needs \d+ MiB, and a worker may take 1 MiB$/,
      ),
      macs: expect.any(Number),
      params: expect.any(Number),
    });
    const values = async (backend: typeof tight) => {
      const { status, scores } = await evaluate({ genotype: [...small, ...small], protocol, batch }, backend);
      return [status, scores.jacobCov?.value, scores.synflow?.log];
    };
    expect(await values(tight)).toEqual(await values(free));
    expect((await values(tight))[0]).toBe('ok');
  });

  test('lets other errors through', async () => {
    const fail = (error: Error) => async () => {
      throw error;
    };
    const failing = (error: Error): Backend => ({
      numerics: 'failing',
      activity: fail(error),
      sensitivity: fail(error),
      gradient: fail(error),
      curvature: fail(error),
      trainer: fail(error),
    });
    const task = { genotype: small, protocol, batch };
    await expect(evaluate(task, failing(new RangeError('a bug')))).rejects.toThrow('a bug');
    const refused = await evaluate(task, failing(new OutOfMemoryError('it needs 9 MiB')));
    expect(refused.status).toBe('infeasible');
  });

  test('takes what was computed beforehand, and no more over 300 architectures', async () => {
    const { prototype } = WebAssembly.Memory;
    const { grow } = prototype as { grow(this: WebAssembly.Memory, pages: number): number };
    let pages = 1;
    prototype.grow = function (more) {
      pages += more;
      return grow.call(this, more);
    };
    const backend = await openSimd({ build: kernels.build, wide: false });
    const searched = protocolOf({ batchSize: 8, input: [14, 14, 3] });
    const images = { images: imagesFor(1, 8, searched.input), labels: new Int32Array(8) };
    const random = randomFor(1, 0, 'immigrants');
    for (let i = 0; i < 300; i++) {
      const genotype = randomGenotype(random, mstf.upperBounds(3));
      await evaluate({ genotype, protocol: searched, batch: images }, backend);
    }
    prototype.grow = grow;
    expect(pages).toBeGreaterThan(1);
    expect(pages).toBeLessThanOrEqual(Math.ceil(bytesForAll(searched, 3, 8, kernels) / 65_536));
  });
});
