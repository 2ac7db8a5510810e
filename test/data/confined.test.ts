// What clients of the API may have opened and fetched. THREATS.md names these tests.

import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatasets } from '../../src/data/datasets.ts';
import { fetchFrom, publishersAnd } from '../../src/data/source.ts';
import { serve, TINY_FILE, type Web } from './known.ts';
import { failure, scratchFolder } from './scratch.ts';

const scratch = scratchFolder();
const at = (...names: string[]): string => join(scratch.folder, ...names);
const datasets = () =>
  openDatasets({
    folders: [at('sets'), at('absent')],
    dataFolder: at('data'),
    download: false,
    confined: true,
  });

beforeAll(async () => {
  await mkdir(at('sets', 'deep'), { recursive: true });
  await mkdir(at('sets.npz'));
  await mkdir(at('data'));
  for (const name of ['secret.npz', 'sets/own.npz', 'sets/deep/er.npz', 'data/mine.npz', 'sets/plain'])
    await writeFile(at(name), TINY_FILE);
  await writeFile(at('sets', 'broken.npz'), 'nothing');
  await symlink(at('secret.npz'), at('sets', 'link.npz'));
  await symlink(scratch.folder, at('sets', 'out'));
  await symlink(at('sets', 'own.npz'), at('sets', 'inside.npz'));
});

test.each(['own.npz', 'deep/er.npz', './own.npz', 'deep/../own.npz', 'mine.npz', 'inside.npz'])(
  '%s is opened, and called what it was asked for as',
  async (name) => {
    expect((await datasets().open(name)).info).toMatchObject({ name, samples: { train: 6 } });
  },
);

test('an absolute path is opened when it leads inside', async () => {
  expect((await datasets().open(at('sets', 'own.npz'))).info.samples.train).toBe(6);
});

test.each([
  ['a file outside', () => at('secret.npz')],
  ['one that climbs', () => '../secret.npz'],
  ['one that climbs from deeper', () => 'deep/../../secret.npz'],
  ['a link out', () => 'link.npz'],
  ['a folder that is a link out', () => 'out/secret.npz'],
  ['a system file', () => '/etc/passwd'],
  ['a system file, as if it were a set', () => '/etc/passwd\0.npz'],
  ['a device', () => '/dev/zero'],
  ['a file of another kind inside', () => './plain'],
  ['a folder itself', () => at('sets')],
  ['a folder beside with the same beginning', () => at('sets.npz')],
  ['percent signs', () => '..%2fsecret.npz'],
  ['backslashes', () => '..\\secret.npz'],
  ['a share', () => '//server/share/x.npz'],
  ['an address', () => 'file:///etc/passwd.npz'],
  ['nothing that is there', () => 'none.npz'],
  ['a name without end', () => `${'a/'.repeat(50_000)}x.npz`],
])('%s is refused as if it were not there', async (_, name) => {
  const refusal = /the folders for datasets have no \.npz file at that path/u;
  await expect(datasets().open(name())).rejects.toEqual(failure('UNKNOWN_DATASET', refusal));
});

test('what is wrong with a file is said without where it lies', async () => {
  const refused = datasets().open('broken.npz');
  await expect(refused).rejects.toEqual(failure('CORRUPT_DATASET', /^broken\.npz is not a whole zip/u));
  await expect(refused).rejects.not.toThrow(scratch.folder);
});

test.each([
  ['https://zenodo.org/records/1/files/x.npz', true],
  ['https://mirror.example.org/x.npz', true],
  ['http://zenodo.org/x.npz', false],
  ['https://zenodo.org.example.org/x.npz', false],
  ['https://zenodo.org:8443/x.npz', false],
  ['https://user@169.254.169.254/x.npz', false],
  ['file:///etc/passwd', false],
])('%s may be fetched: %j', (address, expected) => {
  expect(publishersAnd(['mirror.example.org'])(new URL(address))).toBe(expected);
});

describe('a redirect', () => {
  let web: Web;
  beforeAll(async () => {
    web = await serve((request, response) => {
      const target = {
        '/out': 'http://169.254.169.254/latest',
        '/file': 'file:///etc/passwd',
        '/loop': '/loop',
      };
      const location = target[request.url as keyof typeof target] ?? 'http://';
      response.writeHead(302, { location }).end();
    });
  });
  afterAll(() => web.close());

  test.each([
    ['out of the list', '/out', /nothing is fetched from http:\/\/169\.254\.169\.254/u],
    ['to a file', '/file', /nothing is fetched from file:/u],
    ['in a circle', '/loop', /more than 5 times/u],
    ['to nowhere', '/nowhere', /redirects to no address/u],
  ])('%s is not followed', async (_, path, message) => {
    const before = web.asked.length;
    const here = (url: URL): boolean => url.origin === web.url;
    await expect(fetchFrom(`${web.url}${path}`, here)).rejects.toThrow(message);
    expect(web.asked.slice(before).every((asked) => asked === path)).toBe(true);
  });
});
