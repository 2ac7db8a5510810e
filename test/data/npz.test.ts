import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { dataFile } from '../../src/data/file.ts';
import { type NpzArray, openNpz, readAll, readRows, scanRows } from '../../src/data/npz.ts';
import { type Member, npy, npyFromText, npz, pixelAt, u64, zip, zipPieces } from '../support/npz.ts';
import { failure, scratchFolder } from './scratch.ts';

const scratch = scratchFolder();

/** Rows of 1000 bytes, so that chunks of 256 KiB end inside rows. */
const ROWS = 1000;
const ROW_BYTES = 1000;
const rowOf = (row: number) => Buffer.from(Uint8Array.from({ length: ROW_BYTES }, (_, i) => pixelAt(row, i)));
const BIG = npy([ROWS, ROW_BYTES], Buffer.concat(Array.from({ length: ROWS }, (_, row) => rowOf(row))));

async function openBytes(bytes: Uint8Array, ...names: string[]) {
  return await openNpz(await dataFile(await scratch.write('x.npz', bytes)), names);
}
async function arrayOf(bytes: Uint8Array, name = 'a'): Promise<NpzArray> {
  const { arrays } = await openBytes(bytes, name);
  return arrays.get(name) as NpzArray;
}

const LAYOUTS = [
  ['deflated', { deflated: true, zip64: false }],
  ['stored', { deflated: false, zip64: false }],
  ['deflated ZIP64', { deflated: true, zip64: true }],
  ['stored ZIP64', { deflated: false, zip64: true }],
] as const;

describe.each(LAYOUTS)('rows of a %s array', (_, layout) => {
  const bytes = npz({ before: npy([3], new Uint8Array(3)), a: BIG }, layout);

  test('are those asked for, in the order asked for, repeats and all', async () => {
    const asked = [999, 0, 262, 263, 0, 524, 5, 999];
    const data = await readRows(await arrayOf(bytes), asked);
    expect(Buffer.concat(asked.map(rowOf)).equals(data)).toBe(true);
  });

  test('are all of them when read or scanned whole', async () => {
    const array = await arrayOf(bytes);
    const all = Buffer.concat(Array.from({ length: ROWS }, (_, row) => rowOf(row)));
    expect(all.equals(await readAll(array))).toBe(true);
    const scanned: Buffer[] = [];
    for await (const row of scanRows(array)) scanned.push(Buffer.from(row));
    expect(scanned).toHaveLength(ROWS);
    expect(all.equals(Buffer.concat(scanned))).toBe(true);
  });

  test('none asked for, none read', async () => {
    expect(await readRows(await arrayOf(bytes), [])).toEqual(new Uint8Array(0));
  });

  test.each([-1, ROWS, 1.5, Number.NaN])('row %d is no row', async (index) => {
    await expect(readRows(await arrayOf(bytes), [0, index])).rejects.toThrow(RangeError);
  });

  test('many readers at once each get their own', async () => {
    const array = await arrayOf(bytes);
    const asked = Array.from({ length: 20 }, (_, i) => [i * 50, 999 - i]);
    const got = await Promise.all(asked.map((indices) => readRows(array, indices)));
    for (const [i, indices] of asked.entries())
      expect(Buffer.concat(indices.map(rowOf)).equals(got[i] as Uint8Array)).toBe(true);
  });
});

test('an array without rows has none', async () => {
  for (const layout of LAYOUTS) {
    const array = await arrayOf(npz({ a: npy([0, 28, 28], new Uint8Array(0)) }, layout[1]));
    expect(array).toMatchObject({ rows: 0, rowBytes: 0 });
    expect(await readAll(array)).toHaveLength(0);
    for await (const row of scanRows(array)) throw new Error(`unexpected row of ${row.length}`);
  }
});

test('opening names all arrays, and reads headers of the wanted ones only', async () => {
  const floats = npyFromText(`{'descr': '<f8', 'fortran_order': True, 'shape': (1,)}`, new Uint8Array(8));
  const { names, arrays } = await openBytes(npz({ a: npy([2], new Uint8Array(2)), floats }), 'a', 'absent');
  expect(names).toEqual(['a', 'floats']);
  expect([...arrays.keys()]).toEqual(['a']);
});

test('rows beyond 4 GiB are read from where they are', async () => {
  const image = [224, 224, 3];
  const rowBytes = 224 * 224 * 3;
  const rows = 40_000;
  const path = join(scratch.folder, 'sparse.npz');
  const header = npy([rows, ...image], new Uint8Array(0));
  const members: Member[] = [
    { name: 'a.npy', bytes: header, deflated: false, hole: rows * rowBytes },
    { name: 'b.npy', bytes: npy([2], Uint8Array.of(8, 9)), deflated: true },
  ];
  const handle = await open(path, 'w');
  for (const { at, bytes } of zipPieces(members, { zip64: true }))
    await handle.write(bytes, 0, bytes.length, at);
  const { arrays } = await openNpz(await dataFile(path), ['a', 'b']);
  const a = arrays.get('a') as NpzArray;
  expect(a).toMatchObject({ rows, rowBytes });
  expect(a.entry.size).toBeGreaterThan(2 ** 32);
  await handle.write(
    new Uint8Array(rowBytes).fill(77),
    0,
    rowBytes,
    a.entry.start + a.header.dataStart + 39_998 * rowBytes,
  );
  await handle.close();

  const reopened = (await openNpz(await dataFile(path), ['a', 'b'])).arrays;
  const data = await readRows(reopened.get('a') as NpzArray, [39_999, 39_998, 0]);
  expect([0, 1, 2].map((row) => data[row * rowBytes])).toEqual([0, 77, 0]);
  expect(await readAll(reopened.get('b') as NpzArray)).toEqual(Uint8Array.of(8, 9));
});

async function countRows(array: NpzArray): Promise<number> {
  let rows = 0;
  for await (const row of scanRows(array)) rows += row.length / array.rowBytes;
  return rows;
}

/** Says `said` rows in header and directory alike, so only inflating shows that it holds `held`. */
function liedSize(said: number, held: number): Uint8Array {
  const header = npy([said, ROW_BYTES], new Uint8Array(0));
  const bytes = Buffer.concat([header, new Uint8Array(held * ROW_BYTES)]);
  return zip([{ name: 'a.npy', bytes, deflated: true, lie: { size: header.length + said * ROW_BYTES } }]);
}

describe('a damaged file is refused', () => {
  const good = npy([4, 4], new Uint8Array(16).fill(5));
  const member = (lie: Member['lie'], more: Partial<Member> = {}): Uint8Array =>
    zip([{ name: 'a.npy', bytes: good, deflated: true, ...(lie === undefined ? {} : { lie }), ...more }]);
  const whole = npz({ a: good });

  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /x\.npz is not a whole zip file/],
    ['text', Buffer.from('<html>not found</html>'.repeat(9)), /not a whole zip file/],
    ['a .npy on its own', good, /not a whole zip file/],
    ['zeros', new Uint8Array(100_000), /not a whole zip file/],
    ['bytes after the end', Buffer.concat([whole, Buffer.from('more')]), /not a whole zip file/],
    [
      'two arrays of one name',
      zip([1, 2].map(() => ({ name: 'a.npy', bytes: good, deflated: true }))),
      /a\.npy in .*x\.npz is there twice/,
    ],
    ['an encrypted member', member({ flags: 1 }), /is encrypted/],
    ['bzip2', member({ method: 12 }), /compressed by method 12: only stored \(0\) and deflated \(8\)/],
    [
      'a name that climbs',
      member(undefined, { name: '../a.npy' }),
      /not a whole zip file.*invalid relative path/,
    ],
    [
      'a member far past the end',
      zip([{ name: 'a.npy', bytes: good, deflated: true, lie: { start: 2n ** 63n } }], { zip64: true }),
      /past its \d+ bytes/,
    ],
    [
      'a member at a place that is none',
      zip([{ name: 'a.npy', bytes: good, deflated: true, lie: { start: 3n } }], { zip64: true }),
      /invalid local file header/,
    ],
    ['more bytes than the file has', member({ compressedSize: 1_000_000 }), /overflows file bounds/],
    ['a promise deflate cannot keep', member({ size: 1_000_000 }), /said to grow from \d+ to 1000000 bytes/],
    ['an array that is none', npz({ a: Buffer.from('hello') }), /a\.npy in .* does not start like/],
    ['a single value', npz({ a: npy([], Uint8Array.of(1)) }), /is a single value/],
    [
      'fewer values than the shape',
      npz({ a: npy([5, 4], new Uint8Array(16)) }),
      /has 144 bytes, but its shape \(5, 4\) of \|u1 takes 148/,
    ],
    [
      'more values than the shape',
      npz({ a: npy([3, 4], new Uint8Array(16)) }),
      /has 144 bytes, but .* takes 140/,
    ],
    [
      'a shape by the terabyte',
      npz({ a: npy([1_000_000, 1_000_000], new Uint8Array(16)) }),
      /takes 1000000000128/,
    ],
    [
      'a stored size that is two sizes',
      zip([{ name: 'a.npy', bytes: good, deflated: false, lie: { size: 143 } }]),
      /size mismatch/,
    ],
    [
      'too many members',
      zip(Array.from({ length: 1001 }, (_, i) => ({ name: `${i}`, bytes: good, deflated: true }))),
      /more than 1000 members/,
    ],
  ])('%s', async (_, bytes, message) => {
    await expect(openBytes(bytes, 'a')).rejects.toEqual(failure('CORRUPT_DATASET', message));
  });

  test('a ZIP64 locator that points beyond all files is an error, not a crash', async () => {
    const bytes = npz({ a: good }, { zip64: true });
    bytes.set(u64(2n ** 64n - 1n), bytes.length - 22 - 12);
    await expect(openBytes(bytes, 'a')).rejects.toEqual(
      failure('CORRUPT_DATASET', /points past its \d+ bytes/),
    );
  });

  test('cut anywhere', async () => {
    for (let length = 0; length < whole.length; length++)
      await expect(openBytes(whole.subarray(0, length), 'a')).rejects.toEqual(
        failure('CORRUPT_DATASET', /not a whole zip file/),
      );
  });

  describe.each([
    ['deflated', true],
    ['stored', false],
  ])('damage inside a %s array is found by whoever reads it to its end', (_, deflated) => {
    const lying = zip([{ name: 'a.npy', bytes: BIG, deflated, lie: { crc32: 1 } }]);
    test('reading all', async () => {
      await expect(readAll(await arrayOf(lying))).rejects.toEqual(
        failure('CORRUPT_DATASET', /CRC-32 differs/),
      );
    });
    test('scanning', async () => {
      await expect(countRows(await arrayOf(lying))).rejects.toEqual(
        failure('CORRUPT_DATASET', /CRC-32 differs/),
      );
    });
  });

  test('damage is found on the way to the last row of a deflated array', async () => {
    const array = await arrayOf(zip([{ name: 'a.npy', bytes: BIG, deflated: true, lie: { crc32: 1 } }]));
    await expect(readRows(array, [999])).rejects.toEqual(failure('CORRUPT_DATASET', /CRC-32 differs/));
  });

  test('and reading stops at the last row asked for, short of damage further on', async () => {
    const array = await arrayOf(zip([{ name: 'a.npy', bytes: BIG, deflated: true, lie: { crc32: 1 } }]));
    expect(rowOf(3).equals(await readRows(array, [3]))).toBe(true);
  });

  test('a stream of garbage', async () => {
    const bytes = zip([{ name: 'a.npy', bytes: BIG, deflated: true }]);
    bytes.fill(255, 30 + 'a.npy'.length, 100); // The first bits say a block type that does not exist.
    await expect(openBytes(bytes, 'a')).rejects.toEqual(
      failure('CORRUPT_DATASET', /a\.npy in .* cannot be read after byte 0 \(invalid block type\)/),
    );
  });

  test('a member that inflates to more than it says stops there', async () => {
    const array = await arrayOf(liedSize(1000, 100_000));
    await expect(readAll(array)).rejects.toEqual(
      failure('CORRUPT_DATASET', /is longer than its 1000128 bytes/),
    );
  });
  test('a member that inflates to less than it says', async () => {
    const array = await arrayOf(liedSize(1000, 990));
    await expect(readRows(array, [995])).rejects.toEqual(
      failure('CORRUPT_DATASET', /ends after 990128 of 1000128 bytes/),
    );
  });
});

const descriptors = '/proc/self/fd';
const HAS_DESCRIPTORS = existsSync(descriptors);
const describeWithProc = HAS_DESCRIPTORS ? describe : describe.skip;
if (!HAS_DESCRIPTORS) console.warn(`Skipped: which files are open (there is no ${descriptors}).`);

describeWithProc(`open files (needs ${descriptors})`, () => {
  test('are closed, however their reading ends', async () => {
    const path = await scratch.write('left.npz', npz({ a: BIG }));
    const array = (await openNpz(await dataFile(path), ['a'])).arrays.get('a') as NpzArray;
    for (let i = 0; i < 5; i++) {
      for await (const row of scanRows(array)) if (row[0] === pixelAt(2, 0)) break;
      await readRows(array, [i]);
      await readAll(array);
    }
    const damaged = await scratch.write(
      'damaged.npz',
      zip([{ name: 'a.npy', bytes: BIG, deflated: true, lie: { crc32: 1 } }]),
    );
    const lying = (await openNpz(await dataFile(damaged), ['a'])).arrays.get('a') as NpzArray;
    await expect(readAll(lying)).rejects.toThrow('CRC-32');
    const text = await scratch.write('text.npz', Buffer.from('text'));
    await expect(openNpz(await dataFile(text), ['a'])).rejects.toThrow('not a whole zip file');

    const targets = readdirSync(descriptors).map((name) => {
      try {
        return readlinkSync(join(descriptors, name));
      } catch {
        return ''; // The listing's own descriptor is gone by now.
      }
    });
    expect(targets.filter((target) => target.startsWith(scratch.folder))).toEqual([]);
  });
});

describe('a file that changes after it was opened', () => {
  test.each([
    ['written over', npz({ a: npy([4, 4], new Uint8Array(16)), b: BIG })],
    ['emptied', new Uint8Array(0)],
  ])('%s, is not read by the old offsets', async (_, bytes) => {
    const array = await arrayOf(npz({ a: BIG }));
    await scratch.write('x.npz', bytes);
    await expect(readRows(array, [0])).rejects.toEqual(
      failure('CORRUPT_DATASET', /has changed since it was opened/),
    );
  });
});
