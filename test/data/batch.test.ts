import fc from 'fast-check';
import { drawBatch } from '../../src/data/batch.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { openDatasets } from '../../src/data/datasets.ts';
import { permutation, randomFor } from '../../src/search/random.ts';
import { failure } from './scratch.ts';

const bundled = openDatasets({ folders: [], dataFolder: 'absent', download: false });

interface Memory extends Dataset {
  /** What was read: rows asked for, or `scan`. */
  readonly reads: readonly (number | 'scan')[];
}

/** A set in memory of 2 x 1 images given by their content, a number each. */
function memorySet(contents: readonly number[], more: Partial<Dataset['info']> = {}): Memory {
  const info: Dataset['info'] = {
    name: 'memory',
    task: 'multi-class',
    classes: ['0', '1', '2'],
    shape: [2, 1, 1],
    samples: { train: contents.length, val: 0, test: 0 },
    ...more,
  };
  const labelWidth = info.task === 'multi-label, binary-class' ? info.classes.length : 1;
  const pixels = (i: number) => [(contents[i] as number) % 256, Math.floor((contents[i] as number) / 256)];
  const reads: (number | 'scan')[] = [];
  return {
    info,
    reads,
    read(split, indices = contents.map((_, i) => i)) {
      if (split !== 'train') throw new Error(`batches are of training images: read ${split}`);
      reads.push(indices.length);
      return Promise.resolve({
        images: Uint8Array.from(indices.flatMap(pixels)),
        labels: Int32Array.from(indices.flatMap((i) => Array<number>(labelWidth).fill(i % 2))),
        labelWidth,
      });
    },
    async *scan() {
      reads.push('scan');
      for (const i of contents.keys()) yield await Promise.resolve(Uint8Array.from(pixels(i)));
    },
  };
}

const unscaled = (images: Float32Array): readonly number[] =>
  [...images].map((x) => Math.round((x * 0.5 + 0.5) * 255));
const contentsOf = (images: Float32Array): readonly number[] => {
  const pixels = unscaled(images);
  return pixels.flatMap((x, i) => (i % 2 === 0 ? [x + 256 * (pixels[i + 1] as number)] : []));
};
/** The definition, slowly: in the order of the permutation, whatever has not been taken yet. */
function firstDistinct(contents: readonly number[], seed: number): readonly number[] {
  const order = [...permutation(randomFor(seed, 0, 'batch'), contents.length)];
  return [...new Set(order.map((i) => contents[i] as number))];
}

describe('the batch of BreastMNIST that searches are judged on', () => {
  test('is pinned by its hash: 64 images, seed 0', async () => {
    const batch = await drawBatch(await bundled.open('breastmnist'), { size: 64, seed: 0 });
    expect(batch).toMatchObject({ size: 64, shape: [28, 28, 1], classes: 2, multiLabel: false });
    expect(batch.images).toHaveLength(64 * 28 * 28);
    expect(batch.labels).toHaveLength(64);
    expect(batch.hash).toBe('13de50dc0509ed15c04c16dce706c07aa15ae9d6099055ad8fef248690e88922');
  });

  test('holds the rows of the seed’s permutation, scaled', async () => {
    const set = await bundled.open('breastmnist');
    const batch = await drawBatch(set, { size: 546, seed: 5 });
    const order = [...permutation(randomFor(5, 0, 'batch'), 546)];
    const { images, labels } = await set.read('train', order);
    expect(Buffer.from(unscaled(batch.images)).equals(images)).toBe(true);
    expect([...batch.labels]).toEqual([...labels]);
  });

  test('one more than there are is told from how many there are', async () => {
    await expect(drawBatch(await bundled.open('breastmnist'), { size: 547, seed: 0 })).rejects.toEqual(
      failure(
        'BATCH_TOO_LARGE',
        /batch of 547 images .* breastmnist has: its training split has 546 images, 546 of them distinct/,
        'batchSize',
      ),
    );
  });
});

test('pixels are scaled to (x/255 - 0.5)/0.5 in float32', async () => {
  const { images } = await drawBatch(memorySet([0, 255, 51 * 256 + 128]), { size: 3, seed: 1 });
  expect([...images].toSorted((a, b) => a - b)).toEqual(
    [0, 0, 0, 51, 128, 255].map((x) => Math.fround((x / 255 - 0.5) / 0.5)),
  );
  expect(Math.min(...images)).toBe(-1);
  expect(Math.max(...images)).toBe(1);
});

test('images and labels lie in shared memory', async () => {
  const { images, labels } = await drawBatch(memorySet([1, 2, 3]), { size: 2, seed: 1 });
  expect(images.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(labels.buffer).toBeInstanceOf(SharedArrayBuffer);
});

test('several labels a row stay together', async () => {
  const set = memorySet([10, 11, 12, 13], { task: 'multi-label, binary-class' });
  const batch = await drawBatch(set, { size: 4, seed: 2 });
  expect(batch).toMatchObject({ multiLabel: true, classes: 3 });
  expect([...batch.labels]).toEqual(
    contentsOf(batch.images).flatMap((content) => Array<number>(3).fill(content % 2)),
  );
});

describe('the images', () => {
  const contents = fc.array(fc.nat(40), { minLength: 2, maxLength: 60 });

  test('are the first distinct ones in the seed’s order, however many are alike', async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.nat(1000), fc.nat(), async (all, seed, cut) => {
        const distinct = firstDistinct(all, seed);
        fc.pre(distinct.length >= 2);
        const size = 2 + (cut % (distinct.length - 1));
        const batch = await drawBatch(memorySet(all), { size, seed });
        expect(contentsOf(batch.images)).toEqual(distinct.slice(0, size));
      }),
    );
  });

  test('run out where the distinct ones do', async () => {
    await fc.assert(
      fc.asyncProperty(
        contents,
        fc.nat(1000),
        fc.integer({ min: 1, max: 100 }),
        async (all, seed, excess) => {
          const distinct = new Set(all).size;
          const message = new RegExp(`has ${all.length} images, ${distinct} of them distinct`);
          await expect(
            drawBatch(memorySet(all), { size: Math.max(2, distinct + excess), seed }),
          ).rejects.toEqual(failure('BATCH_TOO_LARGE', message, 'batchSize'));
        },
      ),
    );
  });

  test('change with the seed', async () => {
    const all = Array.from({ length: 200 }, (_, i) => i);
    const drawn = await Promise.all([0, 1, 2, 3].map((seed) => drawBatch(memorySet(all), { size: 8, seed })));
    expect(new Set(drawn.map(({ hash }) => hash)).size).toBe(4);
  });

  test('are the start of every larger batch', async () => {
    const all = Array.from({ length: 100 }, (_, i) => i % 70);
    const small = contentsOf((await drawBatch(memorySet(all), { size: 20, seed: 3 })).images);
    const large = contentsOf((await drawBatch(memorySet(all), { size: 60, seed: 3 })).images);
    expect(large.slice(0, 20)).toEqual(small);
  });
});

describe('reading', () => {
  test('takes the batch’s rows and no more when they are distinct', async () => {
    const set = memorySet(Array.from({ length: 100 }, (_, i) => i));
    await drawBatch(set, { size: 10, seed: 0 });
    expect(set.reads).toEqual([10]);
  });

  test('goes through the split once when they are not, however many are alike', async () => {
    const set = memorySet(Array.from({ length: 1000 }, (_, i) => (i < 990 ? 0 : i)));
    await drawBatch(set, { size: 10, seed: 0 });
    expect(set.reads).toEqual([10, 'scan', 10]);
  });

  test('never asks for a batch that cannot be', async () => {
    const set = memorySet([1, 2, 3]);
    await expect(drawBatch(set, { size: 1e9, seed: 0 })).rejects.toThrow('3 images, 3 of them distinct');
    expect(set.reads).toEqual(['scan']);
  });
});

const hashOf = async (contents: readonly number[], more: Partial<Dataset['info']> = {}): Promise<string> =>
  (await drawBatch(memorySet(contents, more), { size: contents.length, seed: 0 })).hash;

describe('the hash', () => {
  test('is the same for the same batch, drawn again', async () => {
    expect(await hashOf([1, 2, 3])).toBe(await hashOf([1, 2, 3]));
    expect(await hashOf([1, 2, 3])).toMatch(/^[0-9a-f]{64}$/);
  });

  test('differs in a pixel, in the shape, in the labels, in the order', async () => {
    const hashes = await Promise.all([
      hashOf([1, 2, 3, 4]),
      hashOf([1, 2, 3, 5]),
      hashOf([1, 2, 3, 4], { shape: [1, 2, 1] }),
      hashOf([1, 2, 3, 4], { task: 'multi-label, binary-class' }),
      hashOf([2, 1, 3, 4]),
    ]);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('no batch', () => {
  test.each([1, 0, -2, 2.5, Number.NaN, Number.POSITIVE_INFINITY])('of %d', async (size) => {
    await expect(drawBatch(memorySet([1, 2, 3]), { size, seed: 0 })).rejects.toEqual(
      failure('INVALID_ARGUMENT', /batch size must be a whole number from 2: got/, 'batchSize'),
    );
  });

  test('of more than the engine can address', async () => {
    const info = { shape: [224, 224, 3], samples: { train: 90_000, val: 0, test: 0 } } as const;
    const set = memorySet([1, 2], info);
    await expect(drawBatch(set, { size: 3567, seed: 0 })).rejects.toEqual(
      failure(
        'INVALID_ARGUMENT',
        /batch of 3567 images of 224 x 224 x 3 takes over 2 GiB: at most 3566 fit/,
        'batchSize',
      ),
    );
    expect(set.reads).toEqual([]);
  });

  test('of no images', async () => {
    await expect(drawBatch(memorySet([]), { size: 2, seed: 0 })).rejects.toEqual(
      failure('BATCH_TOO_LARGE', /0 images, 0 of them/, 'batchSize'),
    );
  });
});
