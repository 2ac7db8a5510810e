// A command killed in the middle, again and again: the archive loses nothing and the search ends the same.

import { setTimeout } from 'node:timers/promises';
import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { randomFor } from '../../src/search/random.ts';
import { type Archive, openArchive } from '../../src/storage/archive.ts';
import type { SearchId } from '../../src/storage/records.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import {
  archivedPopulation,
  eventsOf,
  expectWholeJournal,
  openLaboratory,
  purePopulation,
  scratchFolders,
  settled,
  TINY,
} from '../service/laboratory.ts';
import { startMednas } from './mednas.ts';

const newFolder = scratchFolders();
const SETTINGS = { ...TINY, generations: 9 };
const EVALUATIONS = 60;
const START =
  'search --population 6 --offspring 6 --generations 9 --init-channels 4 --blocks 2 --batch 8 --seed 11'.split(
    ' ',
  );
const ROUNDS = 4;

let engine: Engine;
let expected: readonly object[];
beforeAll(async () => {
  engine = await openEngine({ workers: 2 });
  expected = await purePopulation(engine, SETTINGS);
});
afterAll(() => engine.close());

/** Kills the command as soon as so many events are in the archive. */
async function killAt(event: number, args: readonly string[], folder: string, archive: Archive) {
  const { child, outcome } = startMednas(args, {
    cwd: folder,
    env: { MEDNAS_DATA_DIR: folder, MEDNAS_WORKERS: '2' },
  });
  const position = async (): Promise<number> => {
    const [newest] = (await archive.listSearches([], 1)).items;
    return newest === undefined ? 0 : ((await archive.lastEvent(newest.item.id))?.sequence ?? 0);
  };
  while ((await position()) < event && child.exitCode === null) await setTimeout(1);
  child.kill('SIGKILL');
  return await outcome;
}

test.each([1, 2])(
  'round %#: whenever it is killed, nothing acknowledged is lost or done again',
  async (seed) => {
    const folder = newFolder();
    const archive = openArchive(await openSqlite(folder));
    const random = randomFor(seed, 0, 'variation');
    // Somewhere in each of the first parts of the search.
    const moments = Array.from({ length: ROUNDS }, (_, i) => Math.ceil((i + random()) * 15));
    let known: ReadonlyMap<string, string> = new Map();
    let id: SearchId | null = null;
    for (const moment of moments) {
      const { signal } = await killAt(
        moment,
        id === null ? START : ['search', '--resume', id],
        folder,
        archive,
      );
      expect(signal).toBe('SIGKILL');
      id = (await archive.listSearches([], 1)).items[0]?.item.id ?? null;
      if (id === null) throw new Error('the search was not stored');
      const order = { by: 'macs', direction: 'asc' } as const;
      const scored = (await archive.listArchitectures({}, order, 1000)).items.map(({ item }) => item);
      const times = new Map(scored.map(({ architecture, scoredAt }) => [architecture as string, scoredAt]));
      expect(Object.fromEntries(times)).toMatchObject(Object.fromEntries(known));
      const told = (await eventsOf(archive, id)).flatMap(({ happening }) =>
        happening.type === 'evaluated' ? [happening.architecture as string] : [],
      );
      expect([...times.keys()]).toEqual(expect.arrayContaining(told));
      known = times;
    }

    const last = await openLaboratory({ folder, engine });
    await last.service.searches.resume(id as SearchId);
    expect(await settled(last, id as SearchId)).toMatchObject({ status: 'completed' });
    expect(last.computed.filter((architecture) => known.has(architecture))).toEqual([]);
    expect(last.computed).toHaveLength(EVALUATIONS - known.size);
    expect(await archivedPopulation(last.archive, id as SearchId)).toEqual(expected);
    expectWholeJournal(await eventsOf(archive, id as SearchId), EVALUATIONS, SETTINGS.generations);
    await last.close();
    await archive.close();
  },
);
