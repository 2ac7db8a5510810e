// A disk that fills up under a running search: it pauses and says why, nothing is damaged, and with space
// again it goes on to the same end.

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { statfsSync } from 'node:fs';
import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { COLLECTIONS } from '../../src/storage/records.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { verify } from '../../src/storage/verify/verify.ts';
import { CAN_MOUNT, openTmpfs, type Tmpfs } from '../storage/tmpfs.ts';
import {
  archivedPopulation,
  eventsOf,
  expectWholeJournal,
  type Laboratory,
  openLaboratory,
  purePopulation,
  settled,
  TINY,
  TINY_EVALUATIONS,
} from './laboratory.ts';

const onDisk = CAN_MOUNT ? describe : describe.skip;
if (!CAN_MOUNT) console.warn('Skipped: a search on a full disk (only root can mount a tmpfs).');

onDisk('a disk that is full', () => {
  let disk: Tmpfs;
  let engine: Engine;
  let laboratory: Laboratory;
  beforeAll(async () => {
    disk = openTmpfs('8m');
    engine = await openEngine({ workers: 2 });
  });
  afterEach(() => laboratory.close());
  afterAll(async () => {
    await engine.close();
    disk.unmount();
  });

  test('pauses a running search, which goes on when there is space again', async () => {
    const filler = join(disk.folder, 'filler');
    let filling: Promise<void> | null = null;
    const fill = (): Promise<void> => {
      const { bavail, bsize } = statfsSync(disk.folder);
      // The other lane may have taken some of it meanwhile; what there is left, this takes.
      return writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => undefined);
    };
    laboratory = await openLaboratory({
      folder: disk.folder,
      engine,
      onComputed: (count) => (count < 8 ? undefined : (filling ??= fill())),
    });
    const { archive, service } = laboratory;
    const { id } = await service.searches.start(TINY);
    await service.searches.settled(id);
    expect(laboratory.errors[0]).toMatchObject({ code: 'STORAGE_FULL' });
    // As it is told, though the disk may have no room for that either.
    expect(service.searches.shown((await archive.getSearch(id)).body)).toMatchObject({
      status: 'paused',
      failure: { code: 'STORAGE_FULL', message: expect.stringContaining('Free some disk space') as string },
    });
    await rm(filler);
    expect(await service.searches.resume(id)).toMatchObject({ status: 'running', failure: null });
    expect(await settled(laboratory, id)).toMatchObject({ status: 'completed' });
    expect(await archivedPopulation(archive, id)).toEqual(await purePopulation(engine, TINY));
    expectWholeJournal(await eventsOf(archive, id), TINY_EVALUATIONS, TINY.generations);

    const documents = await openSqlite(disk.folder);
    expect(await documents.faults()).toEqual([]);
    const snapshot = await documents.snapshot(COLLECTIONS);
    for await (const finding of verify(snapshot)) expect(finding).toBeNull();
    await snapshot.close();
    await documents.close();
  });
});
