// Searches whose service is killed at random moments, or whose worker is, and what must be so afterwards.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { randomFor } from '../../src/search/random.ts';
import { openArchive } from '../../src/storage/archive.ts';
import type { Documents } from '../../src/storage/documents.ts';
import { openMongo } from '../../src/storage/mongo.ts';
import { COLLECTIONS, type SearchId } from '../../src/storage/records.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { verify } from '../../src/storage/verify/verify.ts';
import { archivedPopulation, eventsOf } from '../service/laboratory.ts';
import type { MongoServer } from '../support/mongo/server.ts';
import { follow, type Heard, startSearch, startService } from './process.ts';

export const SEARCH = {
  dataset: 'breastmnist',
  population: 8,
  offspring: 8,
  generations: 12,
  initChannels: 4,
  batchSize: 16,
  seed: 5,
} as const;
/** 8 + 12 * 8 */
const EVALUATIONS = 104;

export interface Store {
  readonly environment: Readonly<Record<string, string>>;
  readonly open: () => Promise<Documents>;
  readonly dispose: () => void;
}

export function newSqlite(): Store {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-crash-'));
  return {
    environment: { MEDNAS_DATA_DIR: folder },
    open: () => openSqlite(folder),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

let databases = 0;
export function newMongo(server: MongoServer): Store {
  const uri = `${server.uri}/crash${databases++}`;
  const { environment, dispose } = newSqlite();
  return { environment: { ...environment, MONGODB_URI: uri }, open: () => openMongo(uri), dispose };
}

/** What killed it, as often as the service was started but once. */
export type Victim = 'service' | 'worker';

export interface Outcome {
  readonly population: readonly object[];
  /** Kills that took effect before the search had ended. */
  readonly kills: number;
  /** Evaluations told of over SSE before kills, and those of them that the archive lacks at the end. */
  readonly acknowledged: number;
  readonly lost: number;
  /** Scores that were in the archive at a kill and were computed again. */
  readonly again: number;
  /** Evaluations told of twice, or not at all. */
  readonly miscounted: number;
  readonly findings: number;
  readonly seconds: number;
}

const rawId = (id: string): SearchId =>
  Buffer.from(id, 'base64url').toString().slice('Search:'.length) as SearchId;

interface Watch {
  readonly heard: Heard[];
  id: string | null;
}

/** Follows the search from what was heard last, until it ends or its service does. */
async function watch(url: string, state: Watch): Promise<boolean> {
  try {
    state.id ??= await startSearch(url, SEARCH, 'crash');
    for await (const event of follow(url, state.id, state.heard.at(-1)?.sequence ?? 0))
      state.heard.push(event);
  } catch {
    return false; // the connection is lost
  }
  return state.heard.at(-1)?.status === 'COMPLETED';
}

async function archivedScores(store: Store): Promise<ReadonlySet<string>> {
  const documents = await store.open();
  const order = { by: 'macs', direction: 'asc' } as const;
  const { items } = await openArchive(documents).listArchitectures({}, order, 10_000);
  await documents.close();
  return new Set(items.map(({ item }) => item.architecture));
}

/** What must be so of a search that has ended; `known`: the scores there were at event `knownAt`. */
export async function judge(store: Store, state: Watch, known: ReadonlySet<string>, knownAt: number) {
  const documents = await store.open();
  const archive = openArchive(documents);
  const id = rawId(state.id ?? '');
  const events = await eventsOf(archive, id);
  const evaluated = events.flatMap(({ sequence, happening }) =>
    happening.type === 'evaluated' ? [{ sequence, ...happening }] : [],
  );
  const order = { by: 'macs', direction: 'asc' } as const;
  const { items } = await openArchive(documents).listArchitectures({}, order, 10_000);
  const genotypes = new Set(items.map(({ item }) => JSON.stringify(item.genotype)));
  const told = state.heard.filter(({ genotype }) => genotype !== undefined);
  let findings = (await documents.faults()).length;
  const snapshot = await documents.snapshot(COLLECTIONS);
  for await (const { where, what } of verify(snapshot)) {
    process.stderr.write(`${where}: ${what}\n`);
    findings += 1;
  }
  await snapshot.close();
  const population = await archivedPopulation(archive, id);
  await documents.close();
  return {
    population,
    findings,
    lost: told.filter(({ genotype }) => !genotypes.has(JSON.stringify(genotype))).length,
    again: evaluated.filter(
      ({ sequence, reused, architecture }) => sequence > knownAt && !reused && known.has(architecture),
    ).length,
    miscounted:
      Math.abs(new Set(evaluated.map(({ architecture }) => architecture)).size - EVALUATIONS) +
      Math.abs(told.length - EVALUATIONS) +
      (state.heard.every(({ sequence }, i) => sequence === i + 1) ? 0 : 1),
  };
}

/**
 * One search whose service (or, once, its worker) is killed at each of the moments, in ms from when the
 * search is followed, and started again until the search has ended.
 */
export async function crash(store: Store, victim: Victim, moments: readonly number[]): Promise<Outcome> {
  const state: Watch = { heard: [], id: null };
  const began = Date.now();
  let kills = 0;
  let acknowledged = 0;
  let known: ReadonlySet<string> = new Set();
  let knownAt = 0;
  for (const moment of victim === 'service' ? moments : []) {
    const service = await startService(store.environment);
    const watching = watch(service.url, state);
    await Promise.race([watching, setTimeout(moment)]);
    await service.kill();
    if (!(await watching)) kills += 1;
    acknowledged = state.heard.filter(({ genotype }) => genotype !== undefined).length;
    known = await archivedScores(store);
    knownAt = await lastSequence(store, state);
  }
  const last = await startService(store.environment, victim === 'worker' ? moments[0] : undefined);
  while (!(await watch(last.url, state))) if (last.child.exitCode !== null) throw new Error(last.errors());
  if (victim === 'worker') {
    kills = last.errors().includes('a worker was killed') ? 1 : 0;
    acknowledged = EVALUATIONS;
  }
  await last.stop();
  const seconds = (Date.now() - began) / 1000;
  return { ...(await judge(store, state, known, knownAt)), kills, acknowledged, seconds };
}

async function lastSequence(store: Store, { id }: Watch): Promise<number> {
  if (id === null) return 0;
  const documents = await store.open();
  const last = await openArchive(documents).lastEvent(rawId(id));
  await documents.close();
  return last?.sequence ?? 0;
}

/** So many moments within a time, from a seed. */
export function momentsOf(seed: number, count: number, within: number): readonly number[] {
  const random = randomFor(seed, 0, 'variation');
  return Array.from({ length: count }, () => Math.floor(random() * within));
}

export const isFlawless = ({ lost, again, miscounted, findings, population }: Outcome, expected: unknown) =>
  lost + again + miscounted + findings === 0 && isDeepStrictEqual(population, expected);
