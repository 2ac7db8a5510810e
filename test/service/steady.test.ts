// A search without generations as the service runs it: archived by the generation all the same, stopped and
// resumed, and with one lane the same each time.

import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { COLLECTIONS, type SearchId } from '../../src/storage/records.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { verify } from '../../src/storage/verify/verify.ts';
import {
  archivedPopulation,
  eventsOf,
  expectWholeJournal,
  holdAt,
  openLaboratory,
  scratchFolders,
  settled,
  TINY,
  TINY_EVALUATIONS,
} from './laboratory.ts';

const newFolder = scratchFolders();
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ workers: 2 });
});
afterAll(() => engine.close());

const settingsWith = (lanes: number) => ({ ...TINY, strategy: 'steady', lanes });

async function findingsIn(folder: string): Promise<readonly unknown[]> {
  const documents = await openSqlite(folder);
  const snapshot = await documents.snapshot(COLLECTIONS);
  const findings: unknown[] = [];
  for await (const finding of verify(snapshot)) findings.push(finding);
  await snapshot.close();
  await documents.close();
  return findings;
}

async function runWhole(lanes: number): Promise<readonly object[]> {
  const folder = newFolder();
  const laboratory = await openLaboratory({ folder, engine });
  const { id } = await laboratory.service.searches.start(settingsWith(lanes));
  expect(await settled(laboratory, id)).toMatchObject({
    status: 'completed',
    generation: TINY.generations,
    evaluations: TINY_EVALUATIONS,
  });
  expectWholeJournal(await eventsOf(laboratory.archive, id), TINY_EVALUATIONS, TINY.generations);
  const population = await archivedPopulation(laboratory.archive, id);
  await laboratory.close();
  expect(laboratory.errors).toEqual([]);
  expect(await findingsIn(folder)).toEqual([]);
  return population;
}

/** Stopped in its third generation, by what `stop` does, and gone on with elsewhere. */
async function runInTwo(
  lanes: number,
): Promise<{ readonly id: SearchId; readonly population: readonly object[] }> {
  const folder = newFolder();
  const hold = holdAt(15);
  const first = await openLaboratory({ folder, engine, onComputed: hold.onComputed });
  const { id } = await first.service.searches.start(settingsWith(lanes));
  await hold.reached;
  await first.service.searches.pause(id);
  const before = await eventsOf(first.archive, id);
  expect(before.at(-1)?.happening).toMatchObject({ type: 'status', status: 'paused' });
  await first.close();
  const second = await openLaboratory({ folder, engine });
  expect((await eventsOf(second.archive, id)).length).toBe(before.length);
  await second.service.searches.resume(id);
  expect(await settled(second, id)).toMatchObject({ status: 'completed', evaluations: TINY_EVALUATIONS });
  const population = await archivedPopulation(second.archive, id);
  // Nothing that was scored before is scored again.
  expect(second.computed.filter((one) => first.computed.includes(one))).toEqual([]);
  await second.close();
  expect([...first.errors, ...second.errors]).toEqual([]);
  expect(await findingsIn(folder)).toEqual([]);
  return { id, population };
}

test('with one lane the same seed gives the same search, stopped or not', async () => {
  const population = await runWhole(1);
  expect(await runWhole(1)).toEqual(population);
  expect((await runInTwo(1)).population).toEqual(population);
});

test('with many it is archived whole, and goes on where it was stopped', async () => {
  expect(await runWhole(5)).toHaveLength(TINY.population);
  expect((await runInTwo(5)).population).toHaveLength(TINY.population);
});
