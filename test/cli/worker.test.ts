// `mednas worker`: what it says when it cannot work, and `mednas search` over workers.

import { scratchFolders } from '../service/laboratory.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { mednas, type Outcome, startMednas } from './mednas.ts';

const newFolder = scratchFolders();
let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.kill());

test('without a queue it says which variable is missing', async () => {
  const { code, stderr } = await mednas(['worker'], { cwd: newFolder() });
  expect([code, stderr]).toEqual([2, expect.stringMatching(/set MEDNAS_QUEUE to .*INVALID_ARGUMENT/u)]);
});

test.each([['worker'], ['search']])('%s without Redis says so, without its password', async (command) => {
  const env = { MEDNAS_QUEUE: 'redis://:hunter2@127.0.0.1:1' };
  const { code, stderr, stdout } = await mednas([command], { cwd: newFolder(), env });
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/MEDNAS_QUEUE does not answer .*ENGINE_UNAVAILABLE/u),
  ]);
  expect(stderr + stdout).not.toContain('hunter2');
});

test('a search on the command line is scored by workers, and comes to the same', async () => {
  const search = (env: Readonly<Record<string, string>>): Promise<Outcome> => {
    const flags =
      '--population 4 --offspring 4 --generations 1 --init-channels 4 --blocks 2 --batch 8 --seed 5 --json';
    return mednas(['search', ...flags.split(' ')], { cwd: newFolder(), env });
  };
  const env = { MEDNAS_QUEUE: redis.url };
  const worker = startMednas(['worker', '--workers', '1'], { cwd: newFolder(), env });
  const [alone, over] = await Promise.all([search({}), search(env)]);
  expect([over.code, alone.code]).toEqual([0, 0]);
  const populationOf = ({ stdout }: Outcome): unknown =>
    (JSON.parse(stdout) as { readonly population: unknown }).population;
  expect(populationOf(over)).toEqual(populationOf(alone));
  worker.child.kill('SIGTERM');
  expect(await worker.outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('"takes jobs"') });
});
