// A training on a service that may be killed, as a client starts it and follows it.

import { createHash } from 'node:crypto';
import { COLLECTIONS } from '../../src/storage/records.ts';
import { verify } from '../../src/storage/verify/verify.ts';
import type { Store } from './crash.ts';
import { ask, type ServiceProcess, subscribe } from './process.ts';

/** Starts the training, or finds it; its global id. */
export async function startTraining(url: string, input: object): Promise<string> {
  const query = `mutation ($input: TrainArchitectureInput!) {
    trainArchitecture(input: $input, idempotencyKey: "crash") { run { id } errors { message } }
  }`;
  const { trainArchitecture } = await ask<{
    readonly trainArchitecture: { readonly run: { readonly id: string } };
  }>(url, query, { input });
  return trainArchitecture.run.id;
}

export interface Heard {
  readonly sequence: number;
  readonly status?: string;
  readonly epoch?: { readonly epoch: number };
}

/** Follows it to its end, or to an epoch. */
export async function followTraining(
  url: string,
  id: string,
  heard: Heard[],
  until = Infinity,
): Promise<void> {
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

/** SHA-256 of its best weights. */
export async function weightsOf({ url }: Pick<ServiceProcess, 'url'>, id: string): Promise<string> {
  const response = await fetch(`${url}/weights/${id}.safetensors`);
  if (response.status !== 200) throw new Error(`no weights: ${response.status} ${await response.text()}`);
  const sha256 = createHash('sha256')
    .update(Buffer.from(await response.arrayBuffer()))
    .digest('hex');
  // What the archive says of them.
  expect(response.headers.get('etag')).toBe(`"${sha256}"`);
  return sha256;
}

/** Each event was heard once and in order, to its completion, and nothing is wrong in the archive. */
export async function expectWhole({ open }: Store, heard: readonly Heard[], epochs: number): Promise<void> {
  expect(heard.map(({ sequence }) => sequence)).toEqual(heard.map((_, i) => i + 1));
  const told = heard.flatMap(({ epoch }) => (epoch === undefined ? [] : [epoch.epoch]));
  expect(told).toEqual(Array.from({ length: epochs }, (_, i) => i));
  expect(heard.at(-1)?.status).toBe('COMPLETED');
  const documents = await open();
  const snapshot = await documents.snapshot(COLLECTIONS);
  const findings: string[] = [];
  for await (const { where, what } of verify(snapshot)) findings.push(`${where}: ${what}`);
  await snapshot.close();
  await documents.close();
  expect(findings).toEqual([]);
}
