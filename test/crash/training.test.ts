// A service that is killed while it trains, and another start of it that takes the training up by itself.

import { spawnSync } from 'node:child_process';
import { newSqlite, type Store } from './crash.ts';
import { startService } from './process.ts';
import { expectWhole, followTraining, type Heard, startTraining, weightsOf } from './trainings.ts';

const EPOCHS = 6;
const INPUT = {
  genotype: [0, 0, 1, 1, 2, 2, 3, 0, 4, 0, 0, 1, 2, 3],
  initChannels: 4,
  epochs: EPOCHS,
  batchSize: 64,
  seed: 5,
};

const stores: Store[] = [];
beforeAll(() => {
  const build = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  if (build.status !== 0) throw new Error(String(build.stdout));
}, 120_000);
afterAll(() => {
  for (const { dispose } of stores) dispose();
});

/** Kills the service after each of these epochs; the SHA-256 of the weights it comes to. */
async function train(killAfter: readonly number[]): Promise<string> {
  const store = newSqlite();
  stores.push(store);
  const heard: Heard[] = [];
  for (const epoch of killAfter) {
    const service = await startService(store.environment);
    await followTraining(service.url, await startTraining(service.url, INPUT), heard, epoch);
    await service.kill();
  }
  const last = await startService(store.environment);
  const id = await startTraining(last.url, INPUT);
  await followTraining(last.url, id, heard);
  const sha256 = await weightsOf(last, id);
  expect(await last.stop()).toBe(true);

  await expectWhole(store, heard, EPOCHS);
  return sha256;
}

test('kill -9 in mid-training: taken up by itself, each event once, the same weights bit for bit', async () => {
  const uninterrupted = await train([]);
  expect(await train([0, 2, 3])).toBe(uninterrupted);
}, 120_000);
