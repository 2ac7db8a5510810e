// What one search may take of a service.

import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import {
  archivedPopulation,
  holdAt,
  MINUTE,
  MINUTE_EVALUATIONS,
  openLaboratory,
  purePopulation,
  scratchFolders,
  settled,
} from './laboratory.ts';

const newFolder = scratchFolders();
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ workers: 2 });
});
afterAll(() => engine.close());

test('a search that would score more than it may is refused, and nothing is stored', async () => {
  const open = (maxEvaluations: number) =>
    openLaboratory({ folder: newFolder(), engine, quota: { maxEvaluations, maxSeconds: null } });
  const narrow = await open(MINUTE_EVALUATIONS - 1);
  await expect(narrow.service.searches.start(MINUTE)).rejects.toMatchObject({
    code: 'QUOTA_EXCEEDED',
    field: 'generations',
    message: expect.stringMatching(/5 architectures.*6/u),
  });
  expect(await narrow.archive.countSearches([])).toBe(0);
  const wide = await open(MINUTE_EVALUATIONS);
  const { id } = await wide.service.searches.start(MINUTE);
  expect(await settled(wide, id)).toMatchObject({ status: 'completed', seconds: expect.any(Number) });
  await Promise.all([narrow.close(), wide.close()]);
});

test('a search whose time is over is paused and says why, until it may run longer', async () => {
  const folder = newFolder();
  const first = await openLaboratory({
    folder,
    engine,
    quota: { maxEvaluations: null, maxSeconds: 1 },
    onComputed: holdAt(3).onComputed,
  });
  const { id } = await first.service.searches.start(MINUTE);
  for (const _ of ['spent', 'spent at once when it is resumed']) {
    expect(await settled(first, id)).toMatchObject({
      status: 'paused',
      failure: { code: 'QUOTA_EXCEEDED', message: expect.stringContaining('1 seconds') },
      seconds: 1,
    });
    await first.service.searches.resume(id);
  }
  await settled(first, id);
  await first.close();

  const second = await openLaboratory({ folder, engine });
  await second.service.searches.resume(id);
  expect(await settled(second, id)).toMatchObject({ status: 'completed', failure: null });
  expect(await archivedPopulation(second.archive, id)).toEqual(await purePopulation(engine, MINUTE));
  await second.close();
});
