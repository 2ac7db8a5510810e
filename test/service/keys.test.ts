// API keys, over an archive in a folder of its own.

import { MedNasError } from '../../src/search/errors.ts';
import { type Keys, openKeys, stateOf } from '../../src/service/keys.ts';
import { type Archive, openArchive } from '../../src/storage/archive.ts';
import { COLLECTIONS } from '../../src/storage/records.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { scratchFolders } from './laboratory.ts';

const newFolder = scratchFolders();
const HOUR = 3_600_000;
let archive: Archive;
let time: number;
let keys: Keys;
beforeEach(async () => {
  archive = openArchive(await openSqlite(newFolder()));
  time = Date.parse('2030-01-01');
  keys = openKeys(archive, () => new Date(time));
});
afterEach(() => archive.close());
const lab = { name: 'lab', role: 'operator', lifetime: null };

test('a key is recognised, by every service on the archive', async () => {
  const { key, record } = await keys.create(lab);
  expect(key).toMatch(new RegExp(`^mednas_${record.id}_[\\w-]{43}$`, 'u'));
  expect(await keys.recognise(key)).toEqual(record);
  expect(await openKeys(archive, () => new Date(time)).recognise(key)).toEqual(record);
  expect(record).toMatchObject({ name: 'lab', role: 'operator', expiresAt: null, revokedAt: null });
});

test('nothing that is kept of it lets anybody in', async () => {
  const { key } = await keys.create(lab);
  const [kept] = await archive.listKeys();
  expect(JSON.stringify(kept)).not.toContain(key.slice('mednas_12345678_'.length));
  expect(await keys.recognise(`mednas_${kept?.id}_${kept?.hash.slice(0, 43)}`)).toBeNull();
});

test('nothing but the key itself is recognised', async () => {
  const { key } = await keys.create(lab);
  const other = (await keys.create(lab)).key;
  const wrong = [
    '',
    'mednas_',
    key.slice(0, -1),
    `${key}A`,
    ` ${key}`,
    `${key}\n`,
    key.toUpperCase(),
    key.slice(0, 16) + other.slice(16),
    `mednas_00000000_${'A'.repeat(43)}`,
    `mednas_%_${'A'.repeat(43)}`,
  ];
  for (const text of wrong) expect([text, await keys.recognise(text)]).toEqual([text, null]);
});

test('a key ends when it expires', async () => {
  const { key, record } = await keys.create({ ...lab, lifetime: HOUR });
  expect(record.expiresAt).toBe('2030-01-01T01:00:00.000Z');
  time += HOUR - 1;
  expect(await keys.recognise(key)).not.toBeNull();
  time += 1;
  expect(await keys.recognise(key)).toBeNull();
  expect(stateOf(record, new Date(time))).toBe('expired');
});

test('a key that is revoked ends at once, stays listed, and may be revoked again', async () => {
  const { key, record } = await keys.create(lab);
  const revoked = await keys.revoke(record.id);
  expect(await keys.recognise(key)).toBeNull();
  time += HOUR;
  expect(await keys.revoke(record.id)).toEqual(revoked);
  expect(await keys.list()).toEqual([revoked]);
  await expect(keys.revoke('00000000')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a backup takes no keys along, so that none comes back that was revoked', () => {
  expect(COLLECTIONS.map(({ name }) => name)).not.toContain('keys');
});

test('keys exist while one of them lets somebody in', async () => {
  expect(await keys.exist()).toBe(false);
  const { record } = await keys.create({ ...lab, lifetime: HOUR });
  expect(await keys.exist()).toBe(true);
  time += HOUR;
  expect(await keys.exist()).toBe(false);
  await keys.revoke(record.id);
  await keys.create({ ...lab, role: 'admin' });
  expect(await keys.exist()).toBe(true);
});

test.each([
  ['role', { ...lab, role: 'root' }],
  ['role', { ...lab, role: 'constructor' }],
  ['name', { ...lab, name: '' }],
  ['name', { ...lab, name: 'two\nlines' }],
  ['name', { ...lab, name: 'a'.repeat(101) }],
])('%s is refused: %j', async (field, asked) => {
  const attempt = keys.create(asked);
  await expect(attempt).rejects.toBeInstanceOf(MedNasError);
  await expect(attempt).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field });
  expect(await keys.list()).toEqual([]);
});

describe('the last use of a key', () => {
  const usedAt = async (): Promise<string | undefined> => (await keys.list())[0]?.usedAt;
  /** What a request left to be done after it is done. */
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const use = async (key: string, by: Keys = keys): Promise<void> => {
    expect(await by.recognise(key)).not.toBeNull();
    await turn();
  };
  const at = (ms: number): string => new Date(ms).toISOString();

  test('is noted once a minute, whoever it is used on', async () => {
    const { key } = await keys.create(lab);
    const other = openKeys(archive, () => new Date(time));
    expect(await usedAt()).toBeUndefined();
    const start = time;
    await use(key);
    expect(await usedAt()).toBe(at(start));
    time += 59_999;
    await use(key);
    await use(key, other);
    expect(await usedAt()).toBe(at(start));
    time += 1;
    await use(key, other);
    expect(await usedAt()).toBe(at(start + 60_000));
    expect((await archive.findKey((await keys.list())[0]?.id ?? ''))?.version).toBe(3);
  });

  test('is not that of somebody who was refused', async () => {
    const { key, record } = await keys.create({ ...lab, lifetime: HOUR });
    await keys.recognise(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`);
    time += HOUR;
    await keys.recognise(key);
    await turn();
    expect(await keys.list()).toEqual([record]);
  });

  test('never undoes that it was revoked', async () => {
    const { key, record } = await keys.create(lab);
    const recognised = keys.recognise(key);
    await keys.revoke(record.id);
    await recognised;
    await turn();
    expect((await keys.list())[0]?.revokedAt).toBe(at(time));
    expect(await keys.recognise(key)).toBeNull();
  });

  test('is left out where the archive cannot be written, and tried again once a minute', async () => {
    const { key } = await keys.create(lab);
    let tries = 0;
    const readOnly: Archive = {
      ...archive,
      replaceKey() {
        tries += 1;
        return Promise.reject(new MedNasError('STORAGE_READ_ONLY', 'no'));
      },
    };
    const reader = openKeys(readOnly, () => new Date(time));
    for (const _ of [1, 2, 3]) await use(key, reader);
    expect(tries).toBe(1);
    time += 60_000;
    await use(key, reader);
    expect(tries).toBe(2);
    expect(await usedAt()).toBeUndefined();
  });
});
