// The command as a person or a script runs it: in a process of its own, from its sources.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GOLDENS } from '../golden/goldens.ts';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const GOLDEN_FILE = fileURLToPath(new URL('../golden/networks.json', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mednas-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs to the end; with `killAfter`, until that text has come on stderr, then SIGKILL. */
function mednas(args: readonly string[], env: Record<string, string> = {}, killAfter?: RegExp): Promise<Ran> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, ...args], {
    env: { ...process.env, MEDNAS_DATA_DIR: join(folder, 'data'), ...env },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
    if (killAfter?.test(err)) child.kill('SIGKILL');
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

const SMALL = [
  '--population',
  '6',
  '--offspring',
  '6',
  '--init-channels',
  '4',
  '--batch',
  '8',
  '--seed',
  '5',
];
const search = (...args: readonly string[]) => ['search', ...SMALL, ...args];

interface Document {
  readonly search: { readonly id: string; readonly evaluations: number };
  readonly population: readonly Record<string, unknown>[];
  readonly paretoFront: readonly Record<string, unknown>[];
  readonly best: Record<string, unknown> | null;
  readonly hypervolume: number;
  readonly timings: object;
}
const documentOf = ({ out }: Ran): Document => JSON.parse(out) as Document;

describe('score', () => {
  test('agrees with the goldens', async () => {
    const { code, out } = await mednas(['score', '--cases', GOLDEN_FILE, '--json']);
    expect(code).toBe(0);
    const scored = JSON.parse(out) as readonly Record<string, number | null>[];
    expect(scored).toHaveLength(GOLDENS.length);
    GOLDENS.forEach((golden, i) => {
      const { macs, params, reluUnits } = golden;
      expect(scored[i]).toMatchObject({ macs, params, reluUnits });
      expect(Math.abs((scored[i]?.['jacobCov'] ?? NaN) - (golden.jacobCov ?? NaN))).toBeLessThanOrEqual(
        0.005,
      );
      const ratio = (scored[i]?.['logSynflow'] ?? 1) / (golden.logSynflow ?? 1);
      expect(Math.abs(ratio - 1)).toBeLessThanOrEqual(1e-3);
      expect(scored[i]?.['feasible']).toBe(golden.logSynflow !== null);
    });
  });
});

describe('search', () => {
  test('prints one document; a seed gives one population, whatever the workers, the folder or what is archived', async () => {
    const one = documentOf(await mednas(search('--generations', '3', '--workers', '1', '--json')));
    const again = documentOf(await mednas(search('--generations', '3', '--json')));
    const other = { MEDNAS_DATA_DIR: join(folder, 'other') };
    const two = documentOf(await mednas(search('--generations', '3', '--workers', '2', '--json'), other));
    expect(Object.keys(one)).toEqual([
      'search',
      'population',
      'paretoFront',
      'best',
      'hypervolume',
      'timings',
    ]);
    expect(one.population).toHaveLength(6);
    expect(one.search.evaluations).toBe(24);
    expect(Object.keys(one.population[0] ?? {})).toEqual(
      expect.arrayContaining([
        'genotype',
        'feasible',
        'indicators',
        'macs',
        'params',
        'objectives',
        'rank',
        'crowding',
      ]),
    );
    expect(one.paretoFront.every(({ rank }) => rank === 0)).toBe(true);
    expect(again.population).toEqual(one.population);
    expect(two.population).toEqual(one.population);
    expect(two.hypervolume).toBe(one.hypervolume);
  });

  test('generations 0 is the initial population alone; the page for people names the pick', async () => {
    const { code, out, err } = await mednas(search('--generations', '0'));
    expect(code).toBe(0);
    expect(out).toMatch(/Pareto front/);
    expect(out).toMatch(/^\*/m);
    expect(err).toMatch(/generation 0\/0: 6\/6 scored/);
  });

  test('killed in mid-search it goes on to the same population, with as many evaluations', async () => {
    const whole = { MEDNAS_DATA_DIR: join(folder, 'whole') };
    const expected = documentOf(await mednas(search('--generations', '8', '--json'), whole));
    const killed = await mednas(search('--generations', '8', '--json'), {}, /generation 2\//);
    expect(killed.code).toBeNull();
    const { DatabaseSync } = await import('node:sqlite');
    const archive = new DatabaseSync(join(folder, 'data', 'archive.sqlite'), { readOnly: true });
    const { id } = archive.prepare('select id from searches').get() as { readonly id: string };
    archive.close();
    const resumed = documentOf(await mednas(['search', '--resume', id, '--json']));
    expect(resumed.population).toEqual(expected.population);
    expect(resumed.search.evaluations).toBe(expected.search.evaluations);
  });
});

describe('bad use says what was wrong and exits with 2', () => {
  test.each([
    { args: ['search', '--bogus'], says: /unknown option/ },
    { args: ['search', '--dataset', 'brestmnist'], says: /Did you mean breastmnist/ },
    { args: ['search', '--dataset', './none.npz'], says: /no file/ },
    { args: ['search', '--population', '0'], says: /population is an even integer/ },
    { args: ['search', '--population', '7'], says: /population .* got 7/ },
    { args: ['search', '--population', 'many'], says: /population .* got 'many'/ },
    { args: ['search', '--generations', '1e9'], says: /generations is an integer/ },
    { args: ['search', '--init-channels', '6'], says: /initChannels is a multiple of 4/ },
    { args: ['search', '--batch', '1000'], says: /546/ },
    { args: ['search', '--objectives', 'best'], says: /objectives is one of/ },
    { args: ['search', '--resume', 'none'], says: /no search 'none'/ },
    { args: ['score', '--cases', './none.json'], says: /cannot be read/ },
  ])('$args', async ({ args, says }) => {
    const { code, out, err } = await mednas(args);
    expect(err).toMatch(says);
    expect(out).toBe('');
    expect(code).toBe(2);
  });

  test.each([
    { text: 'not json', says: /is not JSON/ },
    { text: '{}', says: /not a JSON array/ },
    { text: '[{"seed": -1}]', says: /Case 0: seed/ },
  ])('cases $text', async ({ text, says }) => {
    writeFileSync(join(folder, 'cases.json'), text);
    const { code, err } = await mednas(['score', '--cases', join(folder, 'cases.json')]);
    expect(err).toMatch(says);
    expect(code).toBe(2);
  });
});

describe('what the world outside does wrong exits with 1', () => {
  test('a corrupt npz', async () => {
    writeFileSync(join(folder, 'corrupt.npz'), 'PK not really');
    const { code, err } = await mednas(search('--dataset', join(folder, 'corrupt.npz')));
    expect(err).toMatch(/CORRUPT_DATASET/);
    expect(code).toBe(1);
  });

  test('a file that is not the published one', async () => {
    writeFileSync(join(folder, 'breastmnist.npz'), 'something else');
    const { code, err } = await mednas(search(), { MEDNAS_DATASETS: folder });
    expect(err).toMatch(/wanted 750601b1f35ba3300ea97c75c52ff8f6/);
    expect(code).toBe(1);
  });

  test('an unreachable MongoDB is named, its password is not', async () => {
    const { code, err } = await mednas(search(), { MONGODB_URI: 'mongodb://lab:secret@127.0.0.1:1/archive' });
    expect(err).toMatch(/127\.0\.0\.1:1\/archive/);
    expect(err).not.toMatch(/secret/);
    expect(code).toBe(1);
  });
});

test('datasets and spaces as JSON', async () => {
  const datasets = JSON.parse((await mednas(['datasets', '--json'])).out) as readonly {
    readonly name: string;
  }[];
  expect(datasets.map(({ name }) => name)).toContain('breastmnist');
  const [space] = JSON.parse((await mednas(['spaces', '--json'])).out) as readonly {
    readonly sizes: readonly string[];
  }[];
  expect(space?.sizes[0]).toBe('5096079360');
});
