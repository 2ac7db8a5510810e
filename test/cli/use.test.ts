// How the command can be used badly, what the world outside can do to it, and what it says of it.

import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { VARIABLES } from '../../src/config.ts';
import { CAN_MOUNT, openTmpfs, type Tmpfs } from '../storage/tmpfs.ts';
import { scratchFolders } from '../service/laboratory.ts';
import { GOLDENS } from '../golden/goldens.ts';
import { mednas } from './mednas.ts';

const newFolder = scratchFolders();
const SMALL = ['search', '--population', '2', '--generations', '0', '--init-channels', '4', '--batch', '4'];

describe('bad use ends with 2, nothing on stdout, and what was wrong on stderr', () => {
  test.each([
    ['', /Usage: mednas/u],
    ['sarch', /unknown command/u],
    ['search --bogus', /unknown option '--bogus'/u],
    ['search --dataset brestmnist', /Did you mean breastmnist\?.*UNKNOWN_DATASET/u],
    ['search --dataset ./none.npz', /none\.npz.*no file.*UNKNOWN_DATASET/u],
    ['search --population 0', /mednas: --population is an even integer from 2 to 10000; got 0/u],
    ['search --population 7', /population is an even integer .* got 7/u],
    ['search --generations 1e9', /generations is an integer from 0 to 10000; got 1000000000/u],
    ['search --init-channels 6', /mednas: --init-channels is a multiple of 4 from 4 to 512; got 6/u],
    ['search --batch 9999', /mednas: --batch is an integer from 2 to 1024; got 9999/u],
    ['search --indicator-scale x', /mednas: --indicator-scale is one of/u],
    [
      'search --dataset nope',
      /Nearest to it are (\w+, ){4}\w+; 'mednas datasets' and the API's 'datasets' list all/u,
    ],
    ['search --batch 1000', /1000.*546.*BATCH_TOO_LARGE/u],
    ['search --objectives best', /objectives is one of/u],
    ['search --workers 0', /mednas: --workers is an integer from 1 to 1024; got '0'/u],
    ['score --cases none.json --workers many', /mednas: --workers is an integer .* got 'many'/u],
    ['search --resume nothing', /no search 'nothing'; 'mednas searches' lists/u],
    ['search --resume U2VhcmNoOng', /no search 'U2VhcmNoOng'/u],
    ['score', /required option '--cases <file>'/u],
    ['score --cases none.json', /cannot be read from 'none\.json'/u],
  ])('mednas %s', async (line, says) => {
    const args = line === '' ? [] : line.split(' ');
    const { code, stdout, stderr } = await mednas(args, { cwd: newFolder() });
    expect(stderr.replaceAll('\n', ' ')).toMatch(says);
    expect(stderr).not.toMatch(/^ +at /mu);
    expect([code, stdout]).toEqual([2, '']);
  });

  const { genotype, seed, initChannels, inputChannels, classes, batch, size } =
    GOLDENS[0] as (typeof GOLDENS)[0];
  const fine = { genotype, seed, initChannels, inputChannels, classes, batch, size };
  test.each([
    ['not JSON', 'not JSON', /is not JSON/u],
    ['an object', { cases: [] }, /not a JSON array/u],
    ['no genotype', [{ ...fine, genotype: undefined }], /Case 0: it has no genotype\..*INVALID_GENOTYPE/u],
    [
      'null for a genotype',
      [fine, { ...fine, genotype: null }],
      /Case 1: A genotype is a list of integers; got null/u,
    ],
    [
      'text for a genotype',
      [{ ...fine, genotype: '7,0' }],
      /Case 0: A genotype is a list of integers; got '7,0'/u,
    ],
    ['a short genotype', [fine, { ...fine, genotype: [1] }], /Case 1: .* got 1 genes/u],
    [
      'a gene out of bounds',
      [fine, { ...fine, genotype: [9, ...genotype.slice(1)] }],
      /Case 1: Gene 0 of .*INVALID_GENOTYPE/u,
    ],
    ['no seed', [{ ...fine, seed: undefined }], /Case 0: seed is .* got nothing/u],
    ['six channels', [{ ...fine, initChannels: 6 }], /initChannels is a multiple of 4/u],
    ['text for a number', [{ ...fine, size: '28' }], /size is an integer .* got "28"/u],
    ['images of 16 GiB', [{ ...fine, batch: 1024, size: 512, inputChannels: 16 }], /takes over 2 GiB/u],
  ])('cases: %s', async (_, cases, says) => {
    const cwd = newFolder();
    writeFileSync(join(cwd, 'cases.json'), typeof cases === 'string' ? cases : JSON.stringify(cases));
    const { code, stdout, stderr } = await mednas(['score', '--cases', 'cases.json', '--json'], { cwd });
    expect(stderr).toMatch(says);
    expect([code, stdout]).toEqual([2, '']);
  });
});

describe('what is nobody’s bad use ends with 1', () => {
  const failed = async (
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    cwd = newFolder(),
  ) => {
    const start = performance.now();
    const { code, stdout, stderr } = await mednas(args, { cwd, env });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).not.toMatch(/^ +at /mu);
    return { stderr, seconds: (performance.now() - start) / 1000 };
  };

  test('a corrupt npz', async () => {
    const cwd = newFolder();
    writeFileSync(join(cwd, 'own.npz'), 'PK but no more');
    const { stderr } = await failed([...SMALL, '--dataset', './own.npz'], {}, cwd);
    expect(stderr).toMatch(/own\.npz.*\[CORRUPT_DATASET\]/u);
  });

  test('a file that is not the published one', async () => {
    const cwd = newFolder();
    mkdirSync(join(cwd, 'sets'));
    writeFileSync(join(cwd, 'sets', 'breastmnist.npz'), 'something else');
    const { stderr } = await failed(SMALL, { MEDNAS_DATASETS: join(cwd, 'sets') }, cwd);
    expect(stderr).toMatch(/wanted 750601b1f35ba3300ea97c75c52ff8f6.*\[CHECKSUM_MISMATCH\]/u);
  });

  test('a set that is not here and may not be fetched', async () => {
    const args = [...SMALL, '--dataset', 'octmnist'];
    const { stderr } = await failed(args, { MEDNAS_DOWNLOAD: 'off' });
    expect(stderr).toMatch(/octmnist.*\[DOWNLOAD_FAILED\]/u);
  });

  test('a data folder below a file', async () => {
    const cwd = newFolder();
    writeFileSync(join(cwd, 'file'), '');
    const { stderr } = await failed(SMALL, { MEDNAS_DATA_DIR: join(cwd, 'file', 'data') });
    expect(stderr).toMatch(/file\/data.*MEDNAS_DATA_DIR.*\[STORAGE_READ_ONLY\]/u);
  });

  const whereMounted = CAN_MOUNT ? describe : describe.skip;
  if (!CAN_MOUNT) console.warn('Skipped: a full and a read-only disk (only root can mount a tmpfs).');
  whereMounted('a disk', () => {
    let disk: Tmpfs;
    afterEach(() => disk.unmount());

    test('that is read-only', async () => {
      disk = openTmpfs('1m');
      disk.makeReadOnly();
      const { stderr } = await failed(SMALL, { MEDNAS_DATA_DIR: disk.folder });
      expect(stderr).toMatch(/Make the folder writable.*\[STORAGE_READ_ONLY\]/u);
    });

    test('that is full in mid-search, which can go on when there is room', async () => {
      disk = openTmpfs('1500k');
      const more = ['--population', '40', '--generations', '1', '--blocks', '1'];
      const { stderr } = await failed([...SMALL, ...more], { MEDNAS_DATA_DIR: disk.folder });
      expect(stderr).toMatch(/has no room left.*\[STORAGE_FULL\]/u);
      expect(stderr).toMatch(/Continue with: mednas search --resume \S+/u);
    });
  });

  describe('a MongoDB that', () => {
    const servers: Server[] = [];
    afterAll(() => {
      for (const server of servers) server.close();
    });

    test.each(['refuses', 'is silent'])('%s: named, without its password, within seconds', async (how) => {
      const server = createServer((socket) => void socket.unref());
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      if (how === 'refuses') server.close();
      else servers.push(server.unref());
      const uri = `mongodb://lab:s3cret@127.0.0.1:${port}/archive?appName=s3cret`;
      const { stderr, seconds } = await failed(SMALL, { MONGODB_URI: uri });
      expect(stderr).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}/archive.*\\[STORAGE_UNREACHABLE\\]`, 'u'));
      expect(stderr).not.toContain('s3cret');
      expect(seconds).toBeLessThan(20);
    });
  });
});

describe('lists', () => {
  test('datasets', async () => {
    const cwd = newFolder();
    const { code, stdout } = await mednas(['datasets', '--json'], { cwd });
    expect(code).toBe(0);
    const sets = JSON.parse(stdout) as readonly { readonly name: string; readonly location: object }[];
    expect(sets.find(({ name }) => name === 'breastmnist')).toMatchObject({
      task: 'binary-class',
      shape: [28, 28, 1],
      samples: { train: 546, val: 78, test: 156 },
      location: { at: 'bundled' },
    });
    expect(sets.find(({ name }) => name === 'pathmnist_224')?.location).toMatchObject({ at: 'web' });
    const page = await mednas(['datasets'], { cwd });
    expect(page.stdout.split('\n')[0]).toMatch(/^name +task +classes/u);
    expect(page.stdout).toMatch(/^breastmnist +binary-class +2 .* bundled$/mu);
  });

  test('spaces, with sizes no number holds', async () => {
    const { code, stdout } = await mednas(['spaces', '--json'], { cwd: newFolder() });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({
        id: 'mstf',
        blockLength: 14,
        maxBlocks: 6,
        sizes: expect.arrayContaining(['5096079360', (5096079360n ** 3n).toString()]),
      }),
    ]);
    const page = await mednas(['spaces'], { cwd: newFolder() });
    expect(page.stdout).toMatch(/^mstf: /u);
    expect(page.stdout).toContain('sep_conv_3x3, sep_conv_5x5, sep_conv_7x7');
  });

  test('the version is the package’s', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      readonly version: string;
    };
    const outcome = await mednas(['--version'], { cwd: newFolder() });
    expect(outcome).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('help of the service has every variable of the environment', async () => {
    const { code, stdout } = await mednas(['serve', '--help'], { cwd: newFolder() });
    const text = stdout.replaceAll(/\s+/gu, ' ');
    for (const { name, description } of Object.values(VARIABLES))
      expect(text).toContain(`${name} ${description}`.replaceAll(/\s+/gu, ' '));
    expect(code).toBe(0);
  });

  test('help, of the command and of each part, on stdout', async () => {
    for (const args of [['--help'], ['help', 'score']]) {
      const { code, stdout, stderr } = await mednas(args, { cwd: newFolder() });
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^Usage: mednas/u);
    }
  });
});
