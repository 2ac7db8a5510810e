// A search on the command line, and other processes over the same archive beside it.

import { loadConfig } from '../../src/config.ts';
import { serve } from '../../src/main.ts';
import type { LeaseRecord, SearchId } from '../../src/storage/records.ts';
import { type Archive, openArchive } from '../../src/storage/archive.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { scratchFolders } from '../service/laboratory.ts';
import { mednas, type Running, startMednas } from './mednas.ts';

const newFolder = scratchFolders();
/** Longer than any test. */
const LONG =
  'search --population 6 --offspring 6 --generations 5000 --init-channels 4 --blocks 2 --batch 8 --seed 5'.split(
    ' ',
  );

const seen = ({ child }: Running, text: string): Promise<void> =>
  new Promise((resolve) => {
    let all = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: string) => {
        all += chunk;
        if (all.includes(text)) resolve();
      });
    }
  });

let folder: string;
let archive: Archive;
let command: Running;
let id: SearchId;

beforeEach(async () => {
  folder = newFolder();
  archive = openArchive(await openSqlite(folder));
  command = startMednas(LONG, { cwd: folder, env: { MEDNAS_DATA_DIR: folder } });
  await seen(command, 'generation 0/');
  id = (await archive.listSearches([], 1)).items[0]?.item.id as SearchId;
});
afterEach(async () => {
  command.child.kill('SIGKILL');
  await command.outcome;
  await archive.close();
});

test('a service that starts leaves it alone, and so does whoever would resume it', async () => {
  const where = { cwd: folder, env: { MEDNAS_DATA_DIR: folder } };
  const config = loadConfig({ MEDNAS_DATA_DIR: folder, MEDNAS_LOG_LEVEL: 'silent', PORT: '0' });
  const service = await serve(config);
  expect(await mednas(['search', '--resume', id], where)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(`This search is running: process ${command.child.pid} on \\S+ is at it`),
  });
  await service.close();
  command.child.kill('SIGINT');
  expect((await command.outcome).stderr).toContain(`Search ${id} is paused. Continue with: mednas`);
});

test('that another process takes over says so, and who', async () => {
  for (let isTaken = false; !isTaken;) {
    const lease = await archive.findLease(id);
    if (lease === null) throw new Error('no lease');
    const owner = { host: 'lab', pid: 7, place: 'elsewhere', token: 'another' };
    isTaken = await archive.storeLease(lease.version, { ...lease.body, owner } satisfies LeaseRecord);
  }
  const { code, stdout, stderr } = await command.outcome;
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(`Another process has taken over search ${id}: process 7 on lab.\n`);
});
