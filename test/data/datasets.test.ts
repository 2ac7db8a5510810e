import { mkdirSync, readdirSync } from 'node:fs';
import { copyFile, mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type DatasetsOptions, isDatasetPath, openDatasets } from '../../src/data/datasets.ts';
import { labels, npz, TINY } from '../support/npz.ts';
import { knownSet, md5, serve, TINY_FILE, type Web } from './known.ts';
import { failure, scratchFolder } from './scratch.ts';

const scratch = scratchFolder();
const OTHER_FILE = npz({ ...TINY, train_labels: labels([0, 0, 1, 1, 2, 2]) });
const SET = knownSet('tiny', 'http://127.0.0.1:9/tiny.npz');
let folders = 0;
function newFolder(): string {
  const folder = join(scratch.folder, `f${folders++}`);
  mkdirSync(folder);
  return folder;
}
/** From wherever it is: what may be fetched has tests of its own. */
const anywhere = { download: true, mayFetch: () => true };
const tinyIn = (folder: string) => join(folder, 'tiny.npz');
const open = (options: Partial<DatasetsOptions>) =>
  openDatasets({
    folders: [],
    dataFolder: join(scratch.folder, 'absent'),
    download: false,
    known: [SET],
    ...options,
  });

test.each([
  ['breastmnist', false],
  ['breastmnist_64', false],
  ['x.npz', true],
  ['./x', true],
  ['/data/x.npz', true],
  ['../breastmnist', true],
  ['npz', false],
  ['', false],
])('%p: a path? %p', (name, path) => {
  expect(isDatasetPath(name)).toBe(path);
});

describe('by name', () => {
  test('a set is found in the folders, first come first taken, then in the data folder', async () => {
    const [first, second, data] = [newFolder(), newFolder(), newFolder()];
    const datasets = open({ folders: [first, second], dataFolder: data });
    const where = async () => (await datasets.list())[0]?.location;
    expect(await where()).toEqual({ at: 'web', url: SET.url });
    for (const folder of [data, second, first]) {
      await writeFile(tinyIn(folder), TINY_FILE);
      expect(await where()).toEqual({ at: 'disk', path: tinyIn(folder), bytes: TINY_FILE.length });
    }
    expect((await datasets.open('tiny')).info).toEqual({
      name: 'tiny',
      task: 'binary-class',
      classes: ['no', 'yes'],
      shape: [4, 4, 1],
      samples: { train: 6, val: 3, test: 2 },
    });
  });

  test('a folder is no file, whatever its name', async () => {
    const [first, second] = [newFolder(), newFolder()];
    await mkdir(tinyIn(first));
    await writeFile(tinyIn(second), TINY_FILE);
    expect((await open({ folders: [first, second] }).open('tiny')).info.samples.train).toBe(6);
  });

  test('another file under the name is refused, with both sums and what to do', async () => {
    const folder = newFolder();
    await writeFile(tinyIn(folder), OTHER_FILE);
    const message = `${tinyIn(folder)} is not the published tiny: its MD5 is ${md5(OTHER_FILE)}, wanted ${SET.md5}. Delete it`;
    const attempt = open({ folders: [folder] }).open('tiny');
    await expect(attempt).rejects.toEqual(failure('CHECKSUM_MISMATCH', /open it by its path/));
    await expect(attempt).rejects.toThrow(message);
  });

  test('the sum is taken again when the file is another, and only then', async () => {
    const folder = newFolder();
    const datasets = open({ folders: [folder] });
    const path = tinyIn(folder);
    const then = new Date('2020-01-01T00:00:00Z');
    const put = async (bytes: Uint8Array, time: Date) => {
      await writeFile(path, bytes);
      await utimes(path, time, time);
    };
    await put(TINY_FILE, then);
    await datasets.open('tiny');
    // One comment byte of the first local header's date: same size and meaning, another sum.
    const touched = Buffer.from(TINY_FILE);
    touched[10] = 1;
    await put(touched, then);
    await datasets.open('tiny');
    await put(touched, new Date('2020-01-01T00:00:01Z'));
    await expect(datasets.open('tiny')).rejects.toEqual(failure('CHECKSUM_MISMATCH', /MD5/));
    await put(TINY_FILE, new Date('2020-01-01T00:00:02Z'));
    await datasets.open('tiny');
  });

  test('a file with the right sum must still mean what the catalogue says', async () => {
    const folder = newFolder();
    await writeFile(tinyIn(folder), OTHER_FILE);
    const known = [knownSet('tiny', SET.url, OTHER_FILE)];
    await expect(open({ folders: [folder], known }).open('tiny')).rejects.toEqual(
      failure('CORRUPT_DATASET', /row 4 is 2: wanted 0 to 1/),
    );
  });

  test('nowhere to be found and no downloads: says from where to where', async () => {
    const attempt = open({}).open('tiny');
    await expect(attempt).rejects.toEqual(
      failure('DOWNLOAD_FAILED', /tiny is not on this machine, and downloads are switched off/),
    );
    await expect(attempt).rejects.toThrow(
      `Get it from ${SET.url} and put it at ${tinyIn(join(scratch.folder, 'absent'))}`,
    );
  });

  test.each([
    [
      'tinny',
      /There is no dataset "tinny": Did you mean tiny\? Nearest to it are tiny; 'mednas datasets' and the API's 'datasets' list all/,
    ],
    ['Tiny', /Did you mean tiny\?/],
    ['imagenet', /There is no dataset "imagenet": Nearest to it are tiny;/],
    ['', /There is no dataset ""/],
    ['__proto__', /There is no dataset/],
    ['tiny\n', /There is no dataset "tiny\\n"/],
    ['x'.repeat(100_000), /^.{0,500}$/],
  ])('unknown: %.20s', async (name, message) => {
    await expect(open({}).open(name)).rejects.toEqual(failure('UNKNOWN_DATASET', message));
  });
});

describe('by path', () => {
  test('any file in the layout, its classes numbered', async () => {
    const path = await scratch.write('mine.npz', OTHER_FILE);
    for (const asked of [path, relative('.', path)])
      expect((await open({}).open(asked)).info).toEqual({
        name: path,
        task: 'multi-class',
        classes: ['0', '1', '2'],
        shape: [4, 4, 1],
        samples: { train: 6, val: 3, test: 2 },
      });
  });

  test('with another ending too', async () => {
    const path = await scratch.write('mine.zip', TINY_FILE);
    expect((await open({}).open(path)).info.classes).toEqual(['0', '1']);
  });

  test('a known file under its own name keeps its class names', async () => {
    const path = tinyIn(newFolder());
    await writeFile(path, TINY_FILE);
    expect((await open({}).open(path)).info).toMatchObject({ name: path, classes: ['no', 'yes'] });
  });

  test('a changed file under a known name is taken as it is', async () => {
    const path = tinyIn(newFolder());
    await writeFile(path, OTHER_FILE);
    expect((await open({}).open(path)).info).toMatchObject({ classes: ['0', '1', '2'] });
  });

  test.each([
    [
      'no file',
      'absent.npz',
      'UNKNOWN_DATASET',
      /There is no dataset ".*absent\.npz": no file can be found at that path \(ENOENT\)\.$/,
    ],
    ['no folder', 'absent/mine.npz', 'UNKNOWN_DATASET', /ENOENT/],
    ['a file for a folder', 'text.npz/mine.npz', 'UNKNOWN_DATASET', /ENOTDIR/],
    [
      'no file under a known name',
      'absent/tiny.npz',
      'UNKNOWN_DATASET',
      /To open the known set, ask for tiny\./,
    ],
    ['a zero byte', 'a\0b.npz', 'UNKNOWN_DATASET', /a\\u0000b\.npz": no path has the character NUL in it/],
    ['a name too long', `${'x'.repeat(5000)}.npz`, 'UNKNOWN_DATASET', /ENAMETOOLONG/],
    ['a folder', '.', 'CORRUPT_DATASET', /is not a regular file/],
    ['text', 'text.npz', 'CORRUPT_DATASET', /is not a whole zip file/],
  ])('%s', async (_, name, code, message) => {
    await scratch.write('text.npz', Buffer.from('text'));
    await expect(open({}).open(`${scratch.folder}/${name}`)).rejects.toEqual(failure(code, message));
  });
});

describe('from the web', () => {
  let web: Web;
  let answer: Uint8Array | null = null;
  beforeAll(async () => {
    web = await serve((_, response) => {
      if (answer === null) response.writeHead(404).end();
      else response.end(answer);
    });
  });
  afterAll(() => web.close());
  const requests = async (work: () => Promise<void>): Promise<number> => {
    const before = web.asked.length;
    await work();
    return web.asked.length - before;
  };
  const online = (dataFolder: string, names = ['tiny']) =>
    open({
      dataFolder,
      ...anywhere,
      known: names.map((name) => knownSet(name, `${web.url}/${name}.npz`)),
    });

  test('a set is downloaded once, then found on disk', async () => {
    const folder = newFolder();
    answer = TINY_FILE;
    const count = await requests(async () => {
      for (let i = 0; i < 2; i++)
        expect((await online(folder).open('tiny')).info.classes).toEqual(['no', 'yes']);
    });
    expect(count).toBe(1);
    expect((await online(folder).list())[0]?.location).toMatchObject({ at: 'disk', path: tinyIn(folder) });
  });

  test('all who ask at one time share one download; other names have their own', async () => {
    const folder = newFolder();
    answer = TINY_FILE;
    const datasets = online(folder, ['tiny', 'tiny_64']);
    const count = await requests(async () => {
      const opened = await Promise.all(
        ['tiny', 'tiny_64', 'tiny', 'tiny', 'tiny_64'].map((name) => datasets.open(name)),
      );
      expect(opened.map(({ info }) => info.name)).toEqual(['tiny', 'tiny_64', 'tiny', 'tiny', 'tiny_64']);
    });
    expect(count).toBe(2);
    expect(readdirSync(folder).toSorted()).toEqual(['tiny.npz', 'tiny_64.npz']);
  });

  test('a failure reaches all who share it, and the next may try again', async () => {
    const folder = newFolder();
    const datasets = online(folder);
    answer = null;
    const count = await requests(async () => {
      const settled = await Promise.allSettled([datasets.open('tiny'), datasets.open('tiny')]);
      for (const result of settled)
        expect(result).toEqual({ status: 'rejected', reason: failure('DOWNLOAD_FAILED', /404/) });
    });
    expect(count).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
    answer = TINY_FILE;
    expect((await datasets.open('tiny')).info.samples.train).toBe(6);
  });

  test('what came wrong is not taken for good the next time', async () => {
    const folder = newFolder();
    answer = OTHER_FILE;
    await expect(online(folder).open('tiny')).rejects.toEqual(failure('DOWNLOAD_FAILED', /wanted/));
    await expect(open({ dataFolder: folder }).open('tiny')).rejects.toEqual(
      failure('DOWNLOAD_FAILED', /switched off/),
    );
  });

  test('a file on disk is refused, not replaced, when it is another', async () => {
    const folder = newFolder();
    await writeFile(tinyIn(folder), OTHER_FILE);
    answer = TINY_FILE;
    const count = await requests(async () => {
      await expect(online(folder).open('tiny')).rejects.toEqual(failure('CHECKSUM_MISMATCH', /Delete it/));
    });
    expect(count).toBe(0);
    await rm(tinyIn(folder));
    await online(folder).open('tiny');
  });

  test('progress is told by name', async () => {
    answer = TINY_FILE;
    const told: string[] = [];
    const known = [knownSet('tiny', `${web.url}/tiny.npz`)];
    const onProgress = ({ name, received }: { name: string; received: number }) =>
      told.push(`${name} ${received}`);
    await open({ ...anywhere, dataFolder: newFolder(), known, onProgress }).open('tiny');
    expect(told).toEqual(['tiny 0', `tiny ${TINY_FILE.length}`]);
  });
});

describe('without anything configured', () => {
  const bare = openDatasets({ folders: [], dataFolder: join(scratch.folder, 'absent'), download: false });

  test('BreastMNIST is bundled, the other 47 are on the web', async () => {
    const listed = await bare.list();
    expect(listed).toHaveLength(48);
    const here = listed.filter(({ location }) => location.at !== 'web');
    expect(here).toMatchObject([
      { set: { name: 'breastmnist' }, location: { at: 'bundled', bytes: 559_580 } },
    ]);
  });

  test('a copy in a folder goes before the bundled one', async () => {
    const folder = newFolder();
    const path = join(folder, 'breastmnist.npz');
    const bundled = (await bare.list()).find(({ location }) => location.at === 'bundled')?.location;
    await copyFile((bundled as { path: string }).path, path);
    const listed = await openDatasets({ folders: [folder], dataFolder: folder, download: false }).list();
    expect(listed.find(({ set }) => set.name === 'breastmnist')?.location).toEqual({
      at: 'disk',
      path,
      bytes: 559_580,
    });
  });
});
