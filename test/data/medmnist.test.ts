import fc from 'fast-check';
import { type Dataset, SPLITS } from '../../src/data/dataset.ts';
import { dataFile } from '../../src/data/file.ts';
import { openMedMnist } from '../../src/data/medmnist.ts';
import { MedNasError } from '../../src/search/errors.ts';
import { type Arrays, images, labels, npy, npyFromText, npz, pixelAt, TINY, zip } from '../support/npz.ts';
import { failure, scratchFolder } from './scratch.ts';

const scratch = scratchFolder();
type Meaning = Parameters<typeof openMedMnist>[2];
const openBytes = async (bytes: Uint8Array, meaning: Meaning = null): Promise<Dataset> =>
  await openMedMnist(await dataFile(await scratch.write('x.npz', bytes)), 'x', meaning);
const openArrays = async (arrays: Arrays, meaning: Meaning = null): Promise<Dataset> =>
  await openBytes(npz(arrays), meaning);
const without = (...names: readonly string[]): Arrays =>
  Object.fromEntries(Object.entries(TINY).filter(([name]) => !names.includes(name)));
const withImages = (image: readonly number[]): Arrays => ({
  ...TINY,
  train_images: images(6, image),
  val_images: images(3, image),
  test_images: images(2, image),
});
const trainLabels = (values: readonly number[]): Arrays => ({ ...TINY, train_labels: labels(values) });
const yesNo = (n: number): Uint8Array =>
  npy(
    [n, 3],
    Uint8Array.from({ length: 3 * n }, (_, i) => (i % 2) ^ (i % 3 === 0 ? 1 : 0)),
  );

describe('what a file says of itself', () => {
  test('a small gray set', async () => {
    const { info } = await openArrays(TINY);
    expect(info).toEqual({
      name: 'x',
      task: 'binary-class',
      classes: ['0', '1'],
      shape: [4, 4, 1],
      samples: { train: 6, val: 3, test: 2 },
    });
  });

  test.each([
    ['gray', [5, 5], [5, 5, 1]],
    ['gray with its axis', [5, 5, 1], [5, 5, 1]],
    ['RGB', [5, 5, 3], [5, 5, 3]],
    ['wider than high', [3, 7], [3, 7, 1]],
    ['gray and three pixels wide', [5, 3], [5, 3, 1]],
    ['one pixel', [1, 1], [1, 1, 1]],
  ])('%s', async (_, image, shape) => {
    const set = await openArrays(withImages(image));
    expect(set.info.shape).toEqual(shape);
    const { images: pixels } = await set.read('train', [5, 1]);
    const size = image.reduce((a, b) => a * b);
    const pixelsOf = (row: number) => Array.from({ length: size }, (_, i) => pixelAt(row, i));
    expect([...pixels]).toEqual([...pixelsOf(5), ...pixelsOf(1)]);
  });

  test.each([
    ['two classes', trainLabels([0, 1, 0, 0, 0, 0]), 'binary-class', 2],
    ['three classes', trainLabels([0, 1, 2, 0, 0, 0]), 'multi-class', 3],
    ['a class that never occurs', trainLabels([0, 0, 9, 0, 0, 0]), 'multi-class', 10],
    ['a class that only the test split has', { ...TINY, test_labels: labels([0, 4]) }, 'multi-class', 5],
    [
      'one class alone, which no loss can tell apart',
      {
        ...without('val_images', 'val_labels', 'test_images', 'test_labels'),
        train_labels: labels([0, 0, 0, 0, 0, 0]),
      },
      'binary-class',
      2,
    ],
  ])('%s', async (_, arrays, task, classes) => {
    const { info } = await openArrays(arrays);
    expect(info.task).toBe(task);
    expect(info.classes).toEqual(Array.from({ length: classes }, (_, i) => String(i)));
  });

  test.each([
    ['|u1', Uint8Array.of(0, 1, 2, 0, 1, 2)],
    ['<i8', new BigInt64Array([0n, 1n, 2n, 0n, 1n, 2n])],
    ['<u2', Uint16Array.of(0, 1, 2, 0, 1, 2)],
    ['<i4', Int32Array.of(0, 1, 2, 0, 1, 2)],
  ])('labels of type %s', async (descr, values) => {
    const data = new Uint8Array(values.buffer);
    for (const shape of [[6, 1], [6]]) {
      const set = await openArrays({ ...TINY, train_labels: npy(shape, data, descr) });
      expect(await set.read('train')).toMatchObject({
        labels: Int32Array.of(0, 1, 2, 0, 1, 2),
        labelWidth: 1,
      });
    }
  });

  test('several labels a row are yes or no each', async () => {
    const set = await openArrays({
      ...TINY,
      train_labels: yesNo(6),
      val_labels: yesNo(3),
      test_labels: yesNo(2),
    });
    expect(set.info).toMatchObject({ task: 'multi-label, binary-class', classes: ['0', '1', '2'] });
    const { labels: picked, labelWidth } = await set.read('train', [1, 0]);
    expect(labelWidth).toBe(3);
    expect([...picked]).toEqual([0, 0, 1, 1, 1, 0]);
  });

  test.each([
    ['no val', without('val_images', 'val_labels'), { train: 6, val: 0, test: 2 }],
    ['no test', without('test_images', 'test_labels'), { train: 6, val: 3, test: 0 }],
    [
      'neither',
      without('val_images', 'val_labels', 'test_images', 'test_labels'),
      { train: 6, val: 0, test: 0 },
    ],
  ])('%s is no harm to a search', async (_, arrays, samples) => {
    const set = await openArrays(arrays);
    expect(set.info.samples).toEqual(samples);
    for (const split of SPLITS) {
      expect(await set.read(split)).toMatchObject({
        labels: { length: samples[split] },
        images: { length: 16 * samples[split] },
      });
      let rows = 0;
      for await (const row of set.scan(split)) rows += row.length / 16;
      expect(rows).toBe(samples[split]);
    }
  });

  test('further arrays in the file are let be', async () => {
    const note = npyFromText(`{'descr': '<U9', 'fortran_order': False, 'shape': ()}`, new Uint8Array(36));
    expect((await openArrays({ note, ...TINY })).info.samples.train).toBe(6);
  });
});

test('images and labels of one read belong together', async () => {
  const set = await openArrays(TINY);
  const { images: pixels, labels: picked } = await set.read('train', [4, 0, 4]);
  expect([0, 1, 2].map((i) => pixels[i * 16])).toEqual([4, 0, 4].map((row) => pixelAt(row, 0)));
  expect([...picked]).toEqual([1, 0, 1]);
});

test('what one reader does to its labels is not seen by the next', async () => {
  const set = await openArrays(TINY);
  (await set.read('train')).labels.fill(9);
  expect([...(await set.read('train')).labels]).toEqual([0, 1, 0, 1, 1, 0]);
});
const wide = (values: readonly number[]): Uint8Array => npy([6, 3], Uint8Array.from(values));
const int64 = (...values: readonly bigint[]): Uint8Array =>
  npy([6, 1], new Uint8Array(new BigInt64Array([...values, 0n, 0n, 0n]).buffer), '<i8');

describe('refused', () => {
  test.each<[string, Arrays, RegExp]>([
    [
      'no training images',
      without('train_images'),
      /has no array train_images\. It has: train_labels, val_images/,
    ],
    ['no training labels', without('train_labels'), /has no array train_labels/],
    ['val labels without images', without('val_images'), /has no array val_images/],
    ['test images without labels', without('test_labels'), /has no array test_labels/],
    ['other names', { x_train: images(2, [4, 4]) }, /has no array train_images\. It has: x_train\./],
    ['no arrays', {}, /has no array train_images\. It has: none/],
    [
      'more images than labels',
      { ...TINY, train_images: images(7, [4, 4]) },
      /has 7 train_images but 6 train_labels/,
    ],
    [
      'images of 16 bits',
      { ...TINY, train_images: npy([6, 4, 4], new Uint8Array(192), '<u2') },
      /type <u2: wanted uint8/,
    ],
    [
      'images of booleans',
      { ...TINY, train_images: npy([6, 4, 4], new Uint8Array(96), '|b1') },
      /type \|b1: wanted uint8/,
    ],
    [
      'flat images',
      { ...TINY, train_images: images(6, [16]) },
      /shape \(6, 16\): wanted images x height x width/,
    ],
    ['two channels', { ...TINY, train_images: images(6, [4, 4, 2]) }, /shape \(6, 4, 4, 2\)/],
    ['four channels', { ...TINY, train_images: images(6, [4, 4, 4]) }, /with 1 or 3 channels/],
    ['volumes', { ...TINY, train_images: images(6, [4, 4, 4, 1]) }, /shape \(6, 4, 4, 4, 1\)/],
    ['images without pixels', { ...TINY, train_images: images(6, [0, 4]) }, /wanted sides from 1 to 4096/],
    [
      'images too large to hold',
      { ...TINY, train_images: images(6, [1, 5000]) },
      /wanted sides from 1 to 4096/,
    ],
    [
      'splits of two sizes',
      { ...TINY, val_images: images(3, [5, 5]) },
      /val_images.npy .* images of 5 x 5 x 1, but train_images are 4 x 4 x 1/,
    ],
    ['splits of two colours', { ...TINY, test_images: images(2, [4, 4, 3]) }, /images of 4 x 4 x 3, but/],
    [
      'a negative label',
      { ...TINY, train_labels: int64(0n, 0n, -1n) },
      /train_labels\.npy in .* row 2 is -1: wanted a class from 0/,
    ],
    ['a label past 2^32', { ...TINY, train_labels: int64(0n, 4294967297n, 0n) }, /row 1 is 4294967297/],
    [
      'the largest label there is',
      { ...TINY, train_labels: int64(2n ** 63n - 1n, 0n, 0n) },
      /row 0 is 9223372036854775807|row 0 is 9223372036854776000/,
    ],
    [
      'more classes than a head has',
      { ...TINY, train_labels: int64(10_000n, 0n, 0n) },
      /row 0 is 10000: wanted a class from 0 to 9999/,
    ],
    [
      'labels of floats',
      { ...TINY, train_labels: npy([6, 1], new Uint8Array(24), '<f4') },
      /type "<f4": wanted integers/,
    ],
    [
      'labels in three axes',
      { ...TINY, train_labels: npy([6, 1, 1], new Uint8Array(6)) },
      /shape \(6, 1, 1\): wanted images x labels/,
    ],
    ['labels without width', { ...TINY, train_labels: npy([6, 0], new Uint8Array(0)) }, /shape \(6, 0\)/],
    [
      'several labels that are not yes or no',
      { ...TINY, train_labels: wide([0, 0, 0, 0, 1, 2, ...Array<number>(12).fill(0)]) },
      /row 1, label 2, is 2: wanted 0 to 1/,
    ],
    [
      'several labels in one split only',
      { ...TINY, train_labels: wide(Array<number>(18).fill(0)) },
      /val_labels\.npy in .* has 1 labels a row: wanted 3/,
    ],
  ])('%s', async (_, arrays, message) => {
    await expect(openArrays(arrays)).rejects.toEqual(failure('CORRUPT_DATASET', message));
  });

  test('labels by the gigabyte, before any is read', async () => {
    const rows = 2 ** 24 + 1;
    const bytes = npz({
      train_images: npy([rows, 1, 1], new Uint8Array(rows)),
      train_labels: npy([rows, 1], new Uint8Array(rows)),
    });
    await expect(openBytes(bytes)).rejects.toEqual(
      failure('CORRUPT_DATASET', /has 16777217 x 1 labels: at most 16777216/),
    );
  });

  test.each<[string, Arrays, Meaning, RegExp]>([
    [
      'a label that the named set does not have',
      { ...TINY, val_labels: labels([0, 2, 0]) },
      { task: 'binary-class', classes: ['no', 'yes'] },
      /val_labels\.npy in .* row 1 is 2: wanted 0 to 1/,
    ],
    [
      'one label a row where the named set has several',
      TINY,
      { task: 'multi-label, binary-class', classes: ['a', 'b'] },
      /has 1 labels a row: wanted 2/,
    ],
    [
      'several a row where it has one',
      { ...TINY, train_labels: wide(Array<number>(18).fill(0)) },
      { task: 'multi-class', classes: ['a', 'b', 'c'] },
      /has 3 labels a row: wanted 1/,
    ],
  ])('%s', async (_, arrays, meaning, message) => {
    await expect(openArrays(arrays, meaning)).rejects.toEqual(failure('CORRUPT_DATASET', message));
  });
});

test('task and class names are those of the named set, also for classes that never occur', async () => {
  const meaning = { task: 'ordinal-regression', classes: ['none', 'mild', 'severe'] } as const;
  expect((await openArrays(TINY, meaning)).info).toMatchObject(meaning);
});

/** Images larger than what opening reads for their headers. */
const LARGE = withImages([200, 200]);

/** LARGE with a sum that is not `name`'s. */
const damaged = (name: string, deflated: boolean): Buffer =>
  zip(
    Object.entries(LARGE).map(([member, bytes]) => {
      const whole = { name: `${member}.npy`, bytes, deflated };
      return member === name ? { ...whole, lie: { crc32: 1 } } : whole;
    }),
  );

describe.each([
  ['deflated', true],
  ['stored', false],
])('damage in a file of %s arrays', (_, deflated) => {
  test('is found by whoever reads some of the images, wherever it is', async () => {
    const set = await openBytes(damaged('train_images', deflated));
    for (const row of [0, 5])
      await expect(set.read('train', [row])).rejects.toEqual(
        failure('CORRUPT_DATASET', /train_images\.npy in .*x\.npz has other bytes .* CRC-32 differs/),
      );
  });

  test('of labels is found at once', async () => {
    await expect(openBytes(damaged('val_labels', deflated))).rejects.toEqual(
      failure('CORRUPT_DATASET', /val_labels\.npy in .* CRC-32 differs/),
    );
  });

  test('in images that nobody asks for is nobody’s harm', async () => {
    const set = await openBytes(damaged('test_images', deflated));
    expect((await set.read('train', [0])).images[0]).toBe(pixelAt(0, 0));
  });
});

/** What comes of opening the bytes and reading everything: `read`, or the code of a MedNasError. */
async function outcomeOf(bytes: Uint8Array): Promise<string> {
  try {
    const set = await openBytes(bytes);
    for (const split of SPLITS) {
      const { images: pixels, labels: picked } = await set.read(split);
      const rows = set.info.samples[split];
      if (pixels.length % (rows || 1) !== 0 || picked.length % (rows || 1) !== 0) return 'nonsense';
      await set.read(split, [0].slice(0, rows));
    }
    return 'read';
  } catch (error) {
    if (error instanceof MedNasError) return error.code;
    throw error;
  }
}
const EXPECTED = /^(read|CORRUPT_DATASET)$/;

describe('no bytes do anything worse than be refused', () => {
  test.each([
    ['deflated', { deflated: true, zip64: false }],
    ['stored', { deflated: false, zip64: false }],
    ['stored ZIP64', { deflated: false, zip64: true }],
  ])('a true %s file with some of them changed', async (_, layout) => {
    const whole = npz(TINY, layout);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        expect(await outcomeOf(bytes)).toMatch(EXPECTED);
      }),
      { numRuns: 150 },
    );
  });

  test('a true file cut and glued', async () => {
    const whole = npz(TINY);
    const at = fc.nat(whole.length);
    await fc.assert(
      fc.asyncProperty(at, at, async (a, b) => {
        const bytes = Buffer.concat([whole.subarray(0, a), whole.subarray(b)]);
        expect(await outcomeOf(bytes)).toMatch(EXPECTED);
      }),
      { numRuns: 150 },
    );
  });

  test('(and the true file itself is read)', async () => {
    expect(await outcomeOf(npz(TINY))).toBe('read');
    expect(await outcomeOf(npz(TINY, { zip64: true }))).toBe('read');
  });
});
