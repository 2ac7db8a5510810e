import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, utimes } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { download as downloadTo, type Progress, storageError } from '../../src/data/download.ts';
import type { KnownSet } from '../../src/data/catalogue.ts';
import { knownSet, md5, serve, TINY_FILE, type Web } from './known.ts';
import { failure, scratchFolder } from './scratch.ts';

const scratch = scratchFolder();
/** From wherever it is: what may be fetched has tests of its own. */
const download = (set: KnownSet, folder: string, onProgress: (progress: Progress) => void): Promise<string> =>
  downloadTo(set, { folder, onProgress, mayFetch: () => true });
const webs: Web[] = [];
afterEach(async () => {
  for (const web of webs.splice(0)) await web.close();
});
async function serveSet(answer: RequestListener) {
  const web = await serve(answer);
  webs.push(web);
  return { web, set: knownSet('tiny', `${web.url}/tiny.npz?download=1`) };
}
let folders = 0;
const newFolder = () => join(scratch.folder, `data${folders++}`);
const ignore = () => undefined;

describe('a download', () => {
  test('ends as the file under its name, in a folder made for it, and nothing else', async () => {
    const { web, set } = await serveSet((_, response) => response.end(TINY_FILE));
    const folder = join(newFolder(), 'deeper');
    const path = await download(set, folder, ignore);
    expect(path).toBe(join(folder, 'tiny.npz'));
    expect((await readFile(path)).equals(TINY_FILE)).toBe(true);
    expect(readdirSync(folder)).toEqual(['tiny.npz']);
    expect(web.asked).toEqual(['/tiny.npz?download=1']);
  });

  test.each([1, 2, 3])('makes its folder beside others that make it too (%i)', async () => {
    const { web } = await serveSet((_, response) => response.end(TINY_FILE));
    const folder = join(newFolder(), 'a', 'b');
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((name) => download(knownSet(name, web.url), folder, ignore)));
    expect(readdirSync(folder).toSorted()).toEqual(names.map((name) => `${name}.npz`));
  });

  test('follows a redirect, as Zenodo answers', async () => {
    const { set } = await serveSet((request, response) => {
      if (request.url === '/elsewhere') response.end(TINY_FILE);
      else response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const folder = newFolder();
    await download(set, folder, ignore);
    expect(readdirSync(folder)).toEqual(['tiny.npz']);
  });

  test('tells its progress from nothing to all', async () => {
    const half = Math.floor(TINY_FILE.length / 2);
    let sendRest: () => void = ignore;
    const { set } = await serveSet((_, response) => {
      response.writeHead(200, { 'content-length': TINY_FILE.length }).write(TINY_FILE.subarray(0, half));
      sendRest = () => response.end(TINY_FILE.subarray(half));
    });
    const told: Progress[] = [];
    await download(set, newFolder(), (progress) => {
      told.push(progress);
      if (progress.received === half) sendRest();
    });
    const total = TINY_FILE.length;
    expect(told).toEqual([0, half, total].map((received) => ({ name: 'tiny', received, total })));
  });

  test('says so when the server does not tell the total', async () => {
    const { set } = await serveSet((_, response) => {
      response.write(TINY_FILE.subarray(0, 10));
      response.end(TINY_FILE.subarray(10));
    });
    const told: Progress[] = [];
    await download(set, newFolder(), (progress) => told.push(progress));
    expect(told.every(({ total }) => total === null)).toBe(true);
    expect(told.at(-1)?.received).toBe(TINY_FILE.length);
  });

  test('clears away what a crash left an hour ago, but not a download that is under way', async () => {
    const folder = newFolder();
    await mkdir(folder);
    const within = folder.slice(scratch.folder.length + 1);
    const stale = await scratch.write(join(within, 'tiny.npz.1.part'), Buffer.from('old'));
    const other = await scratch.write(join(within, 'tiny_64.npz.1.part'), Buffer.from('old'));
    await scratch.write(join(within, 'tiny.npz.2.part'), Buffer.from('new'));
    const past = Date.now() / 1000 - 7200;
    for (const path of [stale, other]) await utimes(path, past, past);
    const { set } = await serveSet((_, response) => response.end(TINY_FILE));
    await download(set, folder, ignore);
    expect(readdirSync(folder).toSorted()).toEqual(['tiny.npz', 'tiny.npz.2.part', 'tiny_64.npz.1.part']);
  });
});

describe('a failed download leaves nothing, and says from where and to where', () => {
  const changed = Buffer.from(TINY_FILE);
  changed[100] = 255 - (changed[100] ?? 0);
  const answers: readonly (readonly [string, RequestListener, RegExp])[] = [
    ['not found', (_, response) => response.writeHead(404).end('no'), /the server answered 404 Not Found/],
    ['a broken server', (_, response) => response.writeHead(503).end(), /the server answered 503/],
    ['nothing', (_, response) => response.writeHead(204).end(), /the server answered 204|got 0 bytes/],
    [
      'a body cut short',
      (_, response) => {
        response.writeHead(200, { 'content-length': TINY_FILE.length });
        response.write(TINY_FILE.subarray(0, 50), () => response.destroy());
      },
      /terminated/,
    ],
    [
      'a body cut short without saying so',
      (_, response) => response.end(TINY_FILE.subarray(0, 50)),
      new RegExp(`got 50 bytes with MD5 ${md5(TINY_FILE.subarray(0, 50))}, wanted ${md5(TINY_FILE)}`),
    ],
    [
      'one byte wrong',
      (_, response) => response.end(changed),
      new RegExp(`MD5 ${md5(changed)}, wanted ${md5(TINY_FILE)}`),
    ],
    ['a page to log in at', (_, response) => response.end('<html>'), /got 6 bytes with MD5/],
    [
      'a redirect without end',
      (_, response) => response.writeHead(302, { location: '/again' }).end(),
      /redirect/,
    ],
    [
      'bytes without end',
      (_, response) => {
        const more = () => {
          while (response.write(Buffer.alloc(1 << 20)));
        };
        response.on('drain', more).on('error', ignore);
        more();
      },
      /longer than the set can be/,
    ],
  ];
  test.each(answers)('%s', async (_, answer, message) => {
    const { set } = await serveSet(answer);
    const folder = newFolder();
    const attempt = download(set, folder, ignore);
    await expect(attempt).rejects.toEqual(failure('DOWNLOAD_FAILED', message));
    await expect(attempt).rejects.toThrow(`Could not download tiny from ${set.url}`);
    await expect(attempt).rejects.toThrow(`put it at ${join(folder, 'tiny.npz')}`);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('nobody listening', async () => {
    const { web, set } = await serveSet(ignore);
    await web.close();
    webs.length = 0;
    const folder = newFolder();
    await expect(download(set, folder, ignore)).rejects.toEqual(
      failure('DOWNLOAD_FAILED', /fetch failed: .*ECONNREFUSED/),
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a file that was there before stays as it was', async () => {
    const { set } = await serveSet((_, response) => response.writeHead(404).end());
    const folder = newFolder();
    await mkdir(folder);
    const path = await scratch.write(
      join(folder.slice(scratch.folder.length + 1), 'tiny.npz'),
      Buffer.from('before'),
    );
    await expect(download(set, folder, ignore)).rejects.toThrow('404');
    expect(await readFile(path, 'utf8')).toBe('before');
  });

  test('a data folder that is a file is found out before the server is asked', async () => {
    const { web, set } = await serveSet((_, response) => response.end(TINY_FILE));
    const folder = await scratch.write('file', Buffer.from('x'));
    await expect(download(set, folder, ignore)).rejects.toEqual(failure('DOWNLOAD_FAILED', /EEXIST|ENOTDIR/));
    expect(web.asked).toEqual([]);
  });
});

const systemError = (code: string): Error => Object.assign(new Error(`${code}: it failed`), { code });

const HAS_PROC = existsSync('/proc/self');
const describeWithProc = HAS_PROC ? describe : describe.skip;
if (!HAS_PROC) console.warn('Skipped: a folder that cannot be made (there is no /proc).');

describeWithProc('a folder that cannot be made (needs /proc)', () => {
  test('fails before the server is asked', async () => {
    const { web, set } = await serveSet((_, response) => response.end(TINY_FILE));
    await expect(download(set, '/proc/absent/deeper', ignore)).rejects.toEqual(
      failure('DOWNLOAD_FAILED', /ENOENT/),
    );
    expect(web.asked).toEqual([]);
  });
});

describe("a folder's own trouble is told apart from the server's", () => {
  test.each([
    ['ENOSPC', 'STORAGE_FULL', /Cannot write to the data folder \/d: the disk is full/],
    ['EDQUOT', 'STORAGE_FULL', /quota/],
    ['EROFS', 'STORAGE_READ_ONLY', /it is read-only/],
    ['EACCES', 'STORAGE_READ_ONLY', /permission was denied/],
    ['EPERM', 'STORAGE_READ_ONLY', /permission was denied/],
  ])('%s', (code, mapped, message) => {
    const error = systemError(code);
    expect(storageError(error, '/d')).toEqual(failure(mapped, message, null));
    expect(storageError(error, '/d')).toHaveProperty('cause', error);
  });

  test.each([systemError('EIO'), systemError('constructor'), new Error('plain'), 'text', null])(
    '%s stays what it is',
    (error) => {
      expect(storageError(error, '/d')).toBe(error);
    },
  );
});
