// Where the command's output goes can fail, too: a full disk, a closed pipe, a terminal that is gone.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolders } from '../service/laboratory.ts';
import { CAN_MOUNT, openTmpfs } from '../storage/tmpfs.ts';
import { CLI, mednas, startMednas } from './mednas.ts';

const newFolder = scratchFolders();
const SEARCH = 'search --population 4 --offspring 4 --generations 3 --init-channels 4 --blocks 1 --batch 4';

/** Runs the command with the files at these paths as its stdout and stderr; no path: what is written is kept. */
async function mednasInto(line: string, { stdout, stderr }: { stdout?: string; stderr?: string }) {
  const [out, err] = [stdout, stderr].map((path) => (path === undefined ? 'pipe' : openSync(path, 'w')));
  const child = spawn(process.execPath, [CLI, ...line.split(' ')], {
    cwd: newFolder(),
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', out, err],
  });
  let kept = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      kept += text;
    });
  const [code] = (await once(child, 'close')) as readonly unknown[];
  for (const file of [out, err]) if (typeof file === 'number') closeSync(file);
  return { code, kept };
}

const whereMounted = CAN_MOUNT ? describe : describe.skip;
if (!CAN_MOUNT) console.warn('Skipped: a disk that fills up under a result (only root can mount a tmpfs).');
whereMounted('a disk that fills up under the result', () => {
  test('one line, exit 1', async () => {
    const disk = openTmpfs('8k');
    try {
      const path = join(disk.folder, 'datasets.json');
      const { code, kept } = await mednasInto('datasets --json', { stdout: path });
      const { size } = statSync(path);
      expect(size).toBeGreaterThan(0);
      expect(kept).toMatch(
        new RegExp(`^mednas: The result was cut after ${size} of \\d+ bytes: .* \\[STORAGE_FULL\\]\\n$`, 'u'),
      );
      expect(code).toBe(1);
    } finally {
      disk.unmount();
    }
  });
});

const FULL = '/dev/full';
const HAS_FULL = existsSync(FULL);
const whereFull = HAS_FULL ? describe : describe.skip;
if (!HAS_FULL) console.warn(`Skipped: output to a full device (there is no ${FULL}).`);
whereFull('a full device', () => {
  test.each(['spaces --json', 'datasets', '--help', SEARCH])('as stdout of mednas %s', async (line) => {
    const { code, kept } = await mednasInto(line, { stdout: FULL });
    expect(kept).toMatch(
      /^mednas: The result was cut after 0 of \d+ bytes: .*\(ENOSPC\)\. \[STORAGE_FULL\]$/mu,
    );
    expect(kept).not.toMatch(/^ +at /mu);
    expect(code).toBe(1);
  });

  test('as stderr: the search goes on to its result', async () => {
    const { code, kept } = await mednasInto(`${SEARCH} --json`, { stderr: FULL });
    expect(JSON.parse(kept)).toMatchObject({ search: { status: 'completed' } });
    expect(code).toBe(0);
  });
});

describe('a reader that goes away', () => {
  test.each(['spaces', 'datasets --json', '--help'])('from stdout of mednas %s: no failure', async (line) => {
    const { child, outcome } = startMednas(line.split(' '), { cwd: newFolder() });
    child.stdout.destroy();
    expect(await outcome).toMatchObject({ code: 0, stderr: '' });
  });

  test('from stderr, in mid-search: the search goes on to its result', async () => {
    const { child, outcome } = startMednas([...SEARCH.split(' '), '--json'], { cwd: newFolder() });
    child.stderr.once('data', () => child.stderr.destroy());
    const { code, stdout } = await outcome;
    expect(JSON.parse(stdout)).toMatchObject({ search: { status: 'completed' } });
    expect(code).toBe(0);
  });
});

test('a result that goes into a file is the one that goes into a pipe', async () => {
  const path = join(newFolder(), 'datasets.json');
  expect(await mednasInto('datasets --json', { stdout: path })).toEqual({ code: 0, kept: '' });
  const { stdout } = await mednas(['datasets', '--json'], { cwd: newFolder() });
  expect(readFileSync(path, 'utf8')).toBe(stdout);
});
