// The real files: BreastMNIST as bundled, and two more wherever the shared data folder lies beside the
// project. Expected values were read off with NumPy.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { drawBatch } from '../../src/data/batch.ts';
import { SPLITS } from '../../src/data/dataset.ts';
import { openDatasets } from '../../src/data/datasets.ts';

const SHARED = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const datasets = openDatasets({ folders: [SHARED], dataFolder: SHARED, download: false });
const IS_SHARED = existsSync(SHARED);
const describeShared = IS_SHARED ? describe : describe.skip;
if (!IS_SHARED)
  console.warn('Skipped: PneumoniaMNIST and RetinaMNIST (../shared/data does not lie beside the project).');

/** What is compared with NumPy, split by split, and whether all ways of reading agree. */
async function factsOf(name: string) {
  const set = await datasets.open(name);
  const splits = [];
  for (const split of SPLITS) {
    const { images, labels } = await set.read(split);
    const rows = set.info.samples[split];
    const rowBytes = images.length / rows;
    const picked = await set.read(split, [rows - 1, 1]);
    const lastAndSecond = [images.subarray((rows - 1) * rowBytes), images.subarray(rowBytes, 2 * rowBytes)];
    const scanned = createHash('sha256');
    for await (const row of set.scan(split)) scanned.update(row);
    splits.push({
      rows,
      firstPixels: [...images.subarray(0, 6)],
      firstLabels: [...labels.subarray(0, 6)],
      sum: images.reduce((sum, x) => sum + x, 0),
      pickedAgree: Buffer.concat(lastAndSecond).equals(picked.images),
      scanAgrees: scanned.digest('hex') === createHash('sha256').update(images).digest('hex'),
    });
  }
  return splits;
}

const AGREE = { pickedAgree: true, scanAgrees: true };

test('breastmnist', async () => {
  expect(await factsOf('breastmnist')).toEqual([
    {
      rows: 546,
      firstPixels: [139, 139, 138, 139, 142, 149],
      firstLabels: [1, 1, 1, 1, 0, 1],
      sum: 35757482,
      ...AGREE,
    },
    {
      rows: 78,
      firstPixels: [177, 174, 172, 168, 166, 169],
      firstLabels: [0, 1, 1, 0, 1, 1],
      sum: 5282574,
      ...AGREE,
    },
    {
      rows: 156,
      firstPixels: [184, 183, 174, 172, 160, 153],
      firstLabels: [0, 1, 1, 1, 1, 1],
      sum: 10478773,
      ...AGREE,
    },
  ]);
});

describeShared('in ../shared/data, which has to lie beside the project', () => {
  test('pneumoniamnist', async () => {
    expect(await factsOf('pneumoniamnist')).toEqual([
      {
        rows: 4708,
        firstPixels: [92, 108, 117, 111, 101, 90],
        firstLabels: [1, 1, 1, 1, 1, 0],
        sum: 538305934,
        ...AGREE,
      },
      {
        rows: 524,
        firstPixels: [88, 81, 87, 112, 137, 142],
        firstLabels: [1, 1, 1, 0, 1, 1],
        sum: 59624090,
        ...AGREE,
      },
      {
        rows: 624,
        firstPixels: [62, 19, 15, 42, 54, 74],
        firstLabels: [1, 0, 1, 0, 1, 1],
        sum: 70355184,
        ...AGREE,
      },
    ]);
  });

  test('retinamnist', async () => {
    expect(await factsOf('retinamnist')).toEqual([
      {
        rows: 1080,
        firstPixels: [2, 0, 6, 4, 3, 9],
        firstLabels: [0, 0, 0, 4, 3, 0],
        sum: 172486755,
        ...AGREE,
      },
      {
        rows: 120,
        firstPixels: [0, 1, 3, 0, 1, 3],
        firstLabels: [0, 2, 0, 0, 0, 0],
        sum: 18819325,
        ...AGREE,
      },
      {
        rows: 400,
        firstPixels: [0, 14, 27, 0, 6, 17],
        firstLabels: [2, 1, 0, 0, 0, 0],
        sum: 61494456,
        ...AGREE,
      },
    ]);
  });

  test('a batch of all distinct images of pneumoniamnist, which has 18 twice', async () => {
    const set = await datasets.open('pneumoniamnist');
    expect(await drawBatch(set, { size: 4690, seed: 0 })).toMatchObject({ size: 4690 });
    await expect(drawBatch(set, { size: 4691, seed: 0 })).rejects.toThrow(
      '4708 images, 4690 of them distinct',
    );
  });
});
