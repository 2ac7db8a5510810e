// A service that is killed while it trains, and another start of it that takes the training up by itself.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { openArchive } from '../../src/storage/archive.ts';
import { COLLECTIONS, type TrainingId } from '../../src/storage/records.ts';
import { verify } from '../../src/storage/verify/verify.ts';
import { newSqlite, type Store } from './crash.ts';
import { ask, type ServiceProcess, startService, subscribe } from './process.ts';

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

/** Starts the training, or finds it. */
async function start(url: string): Promise<string> {
  const query = `mutation ($input: TrainArchitectureInput!) {
    trainArchitecture(input: $input, idempotencyKey: "crash") { run { id } errors { message } }
  }`;
  const { trainArchitecture } = await ask<{
    readonly trainArchitecture: { readonly run: { readonly id: string } };
  }>(url, query, { input: INPUT });
  return trainArchitecture.run.id;
}

interface Heard {
  readonly sequence: number;
  readonly status?: string;
  readonly epoch?: { readonly epoch: number };
}

/** Follows it to its end, or to an epoch. */
async function follow(url: string, id: string, heard: Heard[], until = EPOCHS): Promise<void> {
  const query = `subscription ($id: ID!, $after: Int) {
    trainingEvents(id: $id, after: $after) {
      sequence ... on TrainingStatusChanged { status } ... on EpochFinished { epoch { epoch } }
    }
  }`;
  const after = heard.at(-1)?.sequence ?? 0;
  for await (const data of subscribe<{ readonly trainingEvents: Heard }>(url, query, { id, after })) {
    heard.push(data.trainingEvents);
    if ((data.trainingEvents.epoch?.epoch ?? -1) >= until) return;
  }
}

async function weightsOf({ url }: ServiceProcess, id: string): Promise<string> {
  const response = await fetch(`${url}/weights/${id}.safetensors`);
  expect(response.status).toBe(200);
  return createHash('sha256')
    .update(Buffer.from(await response.arrayBuffer()))
    .digest('hex');
}

/** Kills the service after each of these epochs; the SHA-256 of the weights it comes to. */
async function train(killAfter: readonly number[]): Promise<string> {
  const store = newSqlite();
  stores.push(store);
  const heard: Heard[] = [];
  for (const epoch of killAfter) {
    const service = await startService(store.environment);
    await follow(service.url, await start(service.url), heard, epoch);
    await service.kill();
  }
  const last = await startService(store.environment);
  const id = await start(last.url);
  await follow(last.url, id, heard);
  expect(heard.map(({ sequence }) => sequence)).toEqual(heard.map((_, i) => i + 1));
  expect(heard.flatMap(({ epoch }) => (epoch === undefined ? [] : [epoch.epoch]))).toEqual([
    0, 1, 2, 3, 4, 5,
  ]);
  expect(heard.at(-1)?.status).toBe('COMPLETED');
  const sha256 = await weightsOf(last, id);
  expect(await last.stop()).toBe(true);

  const documents = await store.open();
  const raw = Buffer.from(id, 'base64url').toString().slice('TrainingRun:'.length) as TrainingId;
  const { body } = await openArchive(documents).getTraining(raw);
  expect(body.best?.sha256).toBe(sha256);
  const snapshot = await documents.snapshot(COLLECTIONS);
  const findings: string[] = [];
  for await (const { where, what } of verify(snapshot)) findings.push(`${where}: ${what}`);
  await snapshot.close();
  await documents.close();
  expect(findings).toEqual([]);
  return sha256;
}

test('kill -9 in mid-training: taken up by itself, each event once, the same weights bit for bit', async () => {
  const uninterrupted = await train([]);
  expect(await train([0, 2, 3])).toBe(uninterrupted);
}, 120_000);
