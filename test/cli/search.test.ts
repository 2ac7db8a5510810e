// `mednas search`, as a person or a script runs it.

import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { images, labels, npz } from '../support/npz.ts';
import { startMongoServer } from '../support/mongo/server.ts';
import { toGlobalId } from '../../src/resolvers/globalId.ts';
import { scratchFolders } from '../service/laboratory.ts';
import { mednas, type Outcome, startMednas } from './mednas.ts';

const newFolder = scratchFolders();

const SMALL = '--population 6 --offspring 6 --init-channels 4 --blocks 2 --batch 8 --seed 5'.split(' ');
const search = (generations: number, ...more: readonly string[]): readonly string[] => [
  'search',
  ...SMALL,
  '--generations',
  String(generations),
  '--json',
  ...more,
];

interface Member {
  readonly id: string;
  readonly genotype: readonly number[];
  readonly feasible: boolean;
  readonly indicators: Readonly<Record<string, number | null>>;
  readonly macs: number;
  readonly params: number;
  readonly objectives: readonly number[] | null;
  readonly rank: number;
  readonly crowding: number | null;
}

interface Report {
  readonly search: {
    readonly id: string;
    readonly status: string;
    readonly evaluations: number;
    readonly generation: number;
    readonly settings: Readonly<Record<string, unknown>>;
    readonly protocol: Readonly<Record<string, unknown>>;
  };
  readonly population: readonly Member[];
  readonly paretoFront: readonly Member[];
  readonly best: Member;
  readonly hypervolume: number;
  readonly timings: Readonly<Record<string, unknown>>;
}

/** The one document on stdout. */
function reportOf({ code, stdout, stderr }: Outcome): Report {
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(stdout) as Report;
}

const run = async (args: readonly string[], cwd = newFolder(), env = {}): Promise<Report> =>
  reportOf(await mednas(args, { cwd, env }));

let expected: Report;
beforeAll(async () => {
  expected = await run(search(3, '--workers', '2'));
});

describe('its document', () => {
  test('has the search, its population, front, pick, hypervolume and times', () => {
    expect(Object.keys(expected)).toEqual([
      'search',
      'population',
      'paretoFront',
      'best',
      'hypervolume',
      'timings',
    ]);
    expect(expected.search).toMatchObject({
      status: 'completed',
      evaluations: 24,
      generation: 3,
      settings: { dataset: 'breastmnist', population: 6, blocks: 2, strategy: 'nsga2', seed: 5 },
      protocol: { dataset: 'breastmnist', batchSize: 8, input: [28, 28, 1] },
    });
    expect(expected.hypervolume).toBeGreaterThan(0);
    expect(expected.timings).toEqual({
      wallSeconds: expect.any(Number),
      indicatorSeconds: { jacobCov: expect.any(Number), synflow: expect.any(Number) },
    });
  });

  test('has members with all that is known of them', () => {
    const { population, paretoFront, best } = expected;
    expect(population).toHaveLength(6);
    expect(new Set(population.map(({ id }) => id)).size).toBe(6);
    for (const member of population) {
      expect(member).toMatchObject({
        feasible: true,
        reason: null,
        indicators: {
          jacobCov: expect.any(Number),
          synflow: expect.any(Number),
          logSynflow: expect.any(Number),
        },
        macs: expect.any(Number),
        params: expect.any(Number),
        objectives: [expect.any(Number), expect.any(Number)],
        rank: expect.any(Number),
      });
      expect(member.genotype).toHaveLength(28);
    }
    expect(paretoFront).toEqual(population.filter(({ rank }) => rank === 0));
    expect(paretoFront.filter(({ crowding }) => crowding === null).length).toBeGreaterThan(0);
    expect(population).toContainEqual(best);
  });
});

test('with another number of workers, in another folder and again in the same: one population', async () => {
  const cwd = newFolder();
  for (let i = 0; i < 2; i++) {
    const { population, best, hypervolume } = await run(search(3, '--workers', '1'), cwd);
    expect(population).toEqual(expected.population);
    expect([best, hypervolume]).toEqual([expected.best, expected.hypervolume]);
  }
});

test('on MongoDB it is the same', async () => {
  const server = await startMongoServer();
  const env = { MONGODB_URI: `${server.uri}/archive` };
  const { population } = await run(search(3), newFolder(), env);
  expect(population).toEqual(expected.population);
  expect(server.log.length).toBeGreaterThan(0);
  await server.close();
});

test('generations 0 is the initial population alone', async () => {
  const { search: record, population, paretoFront, best } = await run(search(0));
  expect(record).toMatchObject({ status: 'completed', generation: 0, evaluations: 6 });
  expect(population).toHaveLength(6);
  expect(population).toEqual(expect.arrayContaining([...paretoFront, best]));
});

test.each([
  ['--strategy', 'random', 'strategy'],
  ['--objectives', 'indicators', 'objectives'],
])('%s %s is another search', async (flag, value, setting) => {
  const { search: record, population } = await run(search(3, flag, value));
  expect(record.settings).toMatchObject({ [setting]: value });
  expect(population).not.toEqual(expected.population);
});

test('--dataset takes the path of an npz', async () => {
  const cwd = newFolder();
  const values = Array.from({ length: 20 }, (_, i) => i % 3);
  const arrays = {
    train_images: images(20, [9, 9, 3]),
    train_labels: labels(values),
    val_images: images(2, [9, 9, 3]),
    val_labels: labels([0, 1]),
    test_images: images(2, [9, 9, 3]),
    test_labels: labels([0, 1]),
  };
  writeFileSync(join(cwd, 'own.npz'), npz(arrays));
  const { search: record, population } = await run(search(1, '--dataset', './own.npz'), cwd);
  expect(record.settings).toMatchObject({ dataset: join(cwd, 'own.npz') });
  expect(record.protocol).toMatchObject({ input: [9, 9, 3], classes: 3 });
  expect(population).toHaveLength(6);
});

test('progress goes to stderr, a line a generation; a page for people to stdout', async () => {
  const args = search(2).filter((arg) => arg !== '--json');
  const { code, stdout, stderr } = await mednas(args, { cwd: newFolder() });
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^Search \S+ completed: hypervolume \d.*\n18 architectures in .* s, archived in \//u,
  );
  expect(stdout).toMatch(/^Pareto front/mu);
  expect(stdout).toMatch(/^ +jacobCov +ln synflow +MACs +params  genotype/mu);
  expect(stdout).toMatch(/^\*( +[\d.]+){4}  \d{14} \d{14}$/mu);
  expect(stderr.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^If it stops: mednas search --resume \S+$/u),
    expect.stringMatching(
      /^generation 0\/2: 6\/18 scored, hypervolume \d.*best \S+ M MACs, jacobCov .*, \d+ s left$/u,
    ),
    expect.stringMatching(/^generation 1\/2: 12\/18 scored/u),
    expect.stringMatching(/^generation 2\/2: 18\/18 scored.*, 0 s left$/u),
  ]);
});

const seen = (text: string, { child }: ReturnType<typeof startMednas>): Promise<void> => {
  let all = '';
  return new Promise((resolve) => {
    child.stderr.on('data', (chunk: string) => {
      all += chunk;
      if (all.includes(text)) resolve();
    });
  });
};

describe('a stopped search', () => {
  const LONG = 12;

  async function stopped(signal: NodeJS.Signals, cwd: string): Promise<readonly string[]> {
    const running = startMednas(search(LONG), { cwd });
    await seen('generation 1/', running);
    running.child.kill(signal);
    const { code, stdout, stderr } = await running.outcome;
    expect([code, stdout]).toEqual([1, '']);
    const [, command] = /is paused\. Continue with: mednas (search --resume \S+)$/mu.exec(stderr) ?? [];
    return [...(command ?? 'none').split(' '), '--json'];
  }

  test('is paused by SIGINT, says how to go on, and ends as if it had not been stopped', async () => {
    const whole = await run(search(LONG));
    const cwd = newFolder();
    const resume = await stopped('SIGINT', cwd);
    const resumed = await mednas(resume, { cwd });
    const { search: record, population, hypervolume } = reportOf(resumed);
    expect(record).toMatchObject({ status: 'completed', evaluations: 6 * (LONG + 1) });
    expect([population, hypervolume]).toEqual([whole.population, whole.hypervolume]);
    // Generations of before are not drawn again.
    expect(resumed.stderr).not.toContain('generation 0/');
    // Once completed it is shown again, and nothing runs.
    const again = await mednas(resume, { cwd });
    expect(reportOf(again)).toMatchObject({ search: record, population });
    expect(again.stderr).toBe('');
  });

  test('is paused by SIGTERM, too', async () => {
    expect(await stopped('SIGTERM', newFolder())).toEqual([
      'search',
      '--resume',
      expect.any(String),
      '--json',
    ]);
  });

  test('killed at its very start it has said its id, and is found among the searches', async () => {
    const cwd = newFolder();
    const running = startMednas(search(LONG), { cwd });
    await seen('--resume', running);
    running.child.kill('SIGKILL');
    const { stderr } = await running.outcome;
    const [, id] = /^If it stops: mednas search --resume (\S+)$/mu.exec(stderr) ?? [];
    await run(search(0), cwd);

    const { stdout, code } = await mednas(['searches', '--json'], { cwd });
    expect(code).toBe(0);
    const [newest, killed] = JSON.parse(stdout) as readonly Readonly<Record<string, unknown>>[];
    expect(newest).toMatchObject({ status: 'completed', generation: 0, generations: 0, evaluations: 6 });
    expect(killed).toMatchObject({ id, status: 'running', dataset: 'breastmnist', generations: LONG });
    const page = (await mednas(['searches'], { cwd })).stdout.trimEnd().split('\n');
    expect(page).toHaveLength(3);
    expect(page[2]).toMatch(new RegExp(`^${id} +running +\\S+/${LONG} `, 'u'));

    const resumed = await run(['search', '--resume', toGlobalId('Search', id as string), '--json'], cwd);
    expect(resumed.search).toMatchObject({ id, status: 'completed', evaluations: 6 * (LONG + 1) });
  });

  test('takes its settings with it: none can be given anew', async () => {
    const args = ['search', '--resume', 'an-id', '--exploitation', '0.5'];
    const outcome = await mednas(args, { cwd: newFolder() });
    expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--resume') });
  });
});
