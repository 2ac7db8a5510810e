// Files made to harm whoever opens them: whatever the bytes, a set is opened or CORRUPT_DATASET is said, soon
// and within bounded memory. THREATS.md names these tests.

import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { dataFile } from '../../src/data/file.ts';
import { openMedMnist } from '../../src/data/medmnist.ts';
import { MedNasError } from '../../src/search/errors.ts';
import { images, labels, type Member, npyFromText, npz, TINY, zip } from '../support/npz.ts';
import { failure, scratchFolder } from './scratch.ts';

const scratch = scratchFolder();
const openBytes = async (bytes: Uint8Array) =>
  await openMedMnist(await dataFile(await scratch.write('x.npz', bytes)), 'x', null);

/** Opens a file and reads all there is, every way there is. */
async function readEverything(bytes: Uint8Array): Promise<void> {
  const dataset = await openBytes(bytes);
  const { samples } = dataset.info;
  await dataset.read('train', samples.train > 0 ? [0, samples.train - 1] : []);
  await dataset.read('val');
  let rows = 0;
  for await (const row of dataset.scan('train')) rows += row.length > 0 ? 1 : 0;
  if (rows > samples.train) throw new Error(`${rows} rows of ${samples.train}`);
}

async function expectReadOrRefused(bytes: Uint8Array): Promise<void> {
  const before = process.memoryUsage().arrayBuffers;
  const outcome = await readEverything(bytes).catch((error: unknown) => error);
  if (outcome !== undefined && !(outcome instanceof MedNasError && outcome.code === 'CORRUPT_DATASET'))
    throw new Error('neither read nor refused', { cause: outcome });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 2 ** 20);
}

describe('a bomb', () => {
  /** Says to inflate to 300 MiB, within what deflate can. */
  const large = (name: string): Member => ({
    name: `${name}.npy`,
    bytes: randomBytes(310_000),
    deflated: true,
    lie: { size: 300 * 2 ** 20 },
  });

  test('of many members that are small on disk', async () => {
    const bytes = zip(['train_images', 'train_labels', 'b', 'c'].map(large));
    await expect(openBytes(bytes)).rejects.toEqual(
      failure('CORRUPT_DATASET', /is said to grow from \d+ to 1258291200 bytes: at most 1073741824/u),
    );
  });

  test('of members that are the same bytes again and again', async () => {
    const member = { bytes: images(6, [4, 4]), deflated: true };
    const bytes = zip(
      [
        { ...member, name: 'train_images.npy' },
        { ...member, name: 'val_images.npy', lie: { start: 0n } },
      ],
      { zip64: true },
    );
    await expect(openBytes(bytes)).rejects.toEqual(
      failure('CORRUPT_DATASET', /reaches into another member/u),
    );
  });

  test('that inflates to more than its header says is left where the header ends', async () => {
    const honest = images(6, [4, 4]);
    const bytes = zip([
      {
        name: 'train_images.npy',
        bytes: Buffer.concat([honest, Buffer.alloc(50 * 2 ** 20)]),
        deflated: true,
        lie: { size: honest.length },
      },
      { name: 'train_labels.npy', bytes: labels([0, 1, 0, 1, 1, 0]), deflated: true },
    ]);
    await expect(readEverything(bytes)).rejects.toEqual(failure('CORRUPT_DATASET', /is longer than its/u));
    await expectReadOrRefused(bytes);
  });
});

const SIZES = fc.oneof(
  fc.integer({ min: -4, max: 30 }),
  fc.constantFrom(2 ** 31, 2 ** 53, 2 ** 63, 1e300, 4097, 65_536),
);
const DESCRIPTIONS = '|u1 <i8 >i2 |b1 |O O <f8 <U9999999 |V1 <c16'.split(' ');

test('a header of any shape and type', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...DESCRIPTIONS, "|u1', 'x': '", ''),
      fc.array(SIZES, { maxLength: 5 }),
      fc.constantFrom('True', 'False', 'None'),
      fc.constantFrom('train_images', 'train_labels', 'val_labels'),
      fc.constantFrom<1 | 2 | 3>(1, 2, 3),
      async (descr, shape, order, name, version) => {
        const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape.map((size) => BigInt(size)).join(', ')},), }`;
        await expectReadOrRefused(npz({ ...TINY, [name]: npyFromText(text, new Uint8Array(96), version) }));
      },
    ),
    { numRuns: 300 },
  );
});

test.each([
  [
    'an array of objects, which would be unpickled',
    `{'descr': '|O', 'fortran_order': False, 'shape': (6, 4, 4), }`,
  ],
  ['a list of fields', `{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (6, 4, 4), }`],
  ['a negative size', `{'descr': '|u1', 'fortran_order': False, 'shape': (-6, -4, 4), }`],
  [
    'a size beyond all numbers',
    `{'descr': '|u1', 'fortran_order': False, 'shape': (${'9'.repeat(400)}, 4, 4), }`,
  ],
  [
    'sizes whose product overflows',
    `{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296, 1), }`,
  ],
  ['no end', `{'descr': '|u1', 'fortran_order': False, 'shape': (6, 4`],
  ['code', `__import__('os').system('id')`],
])('%s is refused', async (_, text) => {
  await expect(
    openBytes(npz({ ...TINY, train_images: npyFromText(text, new Uint8Array(96)) })),
  ).rejects.toEqual(failure('CORRUPT_DATASET', /train_images\.npy in/u));
});

test.each([
  ['deflated', npz(TINY)],
  ['stored', npz(TINY, { deflated: false })],
  ['ZIP64', npz(TINY, { zip64: true })],
])('a true %s file with bytes changed, cut or put twice', async (_, whole) => {
  const place = fc.nat(whole.length - 1);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(place, fc.nat(255)), { maxLength: 8 }),
      fc.option(place, { nil: whole.length }),
      fc.option(fc.tuple(place, place), { nil: [0, 0] as [number, number] }),
      async (changes, end, [from, to]) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        await expectReadOrRefused(Buffer.concat([bytes.subarray(0, end), bytes.subarray(from, to)]));
      },
    ),
    { numRuns: 200 },
  );
});
