// Single architectures, scored on demand.

import type { Engine } from '../../src/engine/engine.ts';
import { unscored } from '../../src/engine/evaluate.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import { block } from '../search/genotypes.ts';
import { type Laboratory, openLaboratory, scratchFolders, settled, TINY } from './laboratory.ts';

const newFolder = scratchFolders();
let engine: Engine;
let laboratory: Laboratory;
beforeAll(async () => {
  engine = await openEngine({ workers: 1 });
});
beforeEach(async () => {
  laboratory = await openLaboratory({ folder: newFolder(), engine });
});
afterEach(() => laboratory.close());
afterAll(() => engine.close());

const never = new AbortController().signal;
const PROTOCOL = { initChannels: 4, batchSize: 8, seed: 11 };

// Two independent nodes in both orders: one graph, two genotypes.
const CANONICAL = block([
  [0, 0],
  [3, 0],
  [6, 2],
  [2, 3],
  [5, 4],
]);
const SWAPPED = block([
  [3, 0],
  [0, 0],
  [6, 1],
  [2, 3],
  [5, 4],
]);

test('a genotype is scored as it is, canonical or not', async () => {
  const canonical = [CANONICAL, SWAPPED].map((genotype) => mstf.canonical(genotype));
  expect(canonical[0]).toEqual(canonical[1]);
  const records = [];
  for (const genotype of [CANONICAL, SWAPPED]) {
    records.push(await laboratory.service.scoreArchitecture(genotype, PROTOCOL, never));
  }
  const [one, other] = records;
  expect([one?.genotype, other?.genotype]).toEqual([CANONICAL, SWAPPED]);
  expect(one?.architecture).not.toBe(other?.architecture);
  expect(laboratory.computed).toEqual([one?.architecture, other?.architecture]);
  expect(other?.evaluation).toMatchObject({ macs: one?.evaluation.macs, params: one?.evaluation.params });
  // Each node has its own weights by its place, so the same graph scores otherwise in another order.
  expect(other?.evaluation.scores.jacobCov?.value).not.toBe(one?.evaluation.scores.jacobCov?.value);
});

test('is computed once, and the same in a search', async () => {
  const { archive, service, computed } = laboratory;
  const { id } = await service.searches.start({ ...TINY, generations: 0 });
  await settled(laboratory, id);
  const [individual] = await archive.individuals(id, 0);
  if (individual === undefined) throw new Error('no individual');
  const count = computed.length;
  const record = await service.scoreArchitecture(individual.genotype, PROTOCOL, never);
  expect(record).toMatchObject({ architecture: individual.id, evaluation: individual.evaluation });
  expect(computed).toHaveLength(count);
  const elsewhere = await service.scoreArchitecture(individual.genotype, { ...PROTOCOL, seed: 12 }, never);
  expect(elsewhere.protocolId).not.toBe(record.protocolId);
  expect(computed).toHaveLength(count + 1);
});

test('one that cannot be scored is infeasible, with the reason, and kept as such', async () => {
  const dead = block([
    [7, 0],
    [7, 1],
    [7, 2],
    [7, 3],
    [7, 4],
  ]);
  const record = await laboratory.service.scoreArchitecture(dead, PROTOCOL, never);
  expect(record.evaluation).toMatchObject({ status: 'infeasible', reason: expect.stringMatching(/./u) });
  expect(await laboratory.archive.architectures([record])).toEqual([record]);
});

test('what a machine could not score is kept to be shown, and scored again by one that can', async () => {
  const folder = newFolder();
  const { archive, service, close } = await openLaboratory({
    folder,
    engine: {
      ...engine,
      evaluator: (protocol, batch) => ({
        async evaluate(genotypes, _, onScored) {
          const tasks = genotypes.map((genotype) => ({ genotype, protocol, batch }));
          const verdicts = tasks.map((task) => unscored(task, 'its worker crashed twice'));
          for (const [i, verdict] of verdicts.entries()) await onScored?.(i, verdict);
          return verdicts;
        },
      }),
    },
  });
  const failed = await service.scoreArchitecture(CANONICAL, PROTOCOL, never);
  expect(failed.evaluation).toMatchObject({ status: 'infeasible', machine: true });
  expect(await archive.architectures([failed])).toEqual([failed]);
  await close();

  const able = await openLaboratory({ folder, engine });
  const scored = await able.service.scoreArchitecture(CANONICAL, PROTOCOL, never);
  expect(scored).toMatchObject({ architecture: failed.architecture, evaluation: { status: 'ok' } });
  expect(await able.archive.architectures([failed])).toEqual([scored]);
  // And that lasts.
  expect(await able.service.scoreArchitecture(CANONICAL, PROTOCOL, never)).toEqual(scored);
  expect(await able.archive.addArchitecture(failed)).toBe(false);
  expect(able.computed).toHaveLength(1);
  await able.close();
});

test.each([
  [[], PROTOCOL, 'INVALID_GENOTYPE'],
  [[...CANONICAL, 0], PROTOCOL, 'INVALID_GENOTYPE'],
  [[8, ...CANONICAL.slice(1)], PROTOCOL, 'INVALID_GENOTYPE'],
  [[1.5, ...CANONICAL.slice(1)], PROTOCOL, 'INVALID_GENOTYPE'],
  [['0', ...CANONICAL.slice(1)], PROTOCOL, 'INVALID_GENOTYPE'],
  [CANONICAL, { ...PROTOCOL, initChannels: 6 }, 'INVALID_ARGUMENT'],
  [CANONICAL, { ...PROTOCOL, batchSize: 1000 }, 'BATCH_TOO_LARGE'],
  [CANONICAL, { ...PROTOCOL, dataset: 'nowhere' }, 'UNKNOWN_DATASET'],
] as const)('%j under %j is refused as %s', async (genes, protocol, code) => {
  await expect(laboratory.service.scoreArchitecture(genes, protocol, never)).rejects.toMatchObject({ code });
  expect(await laboratory.archive.countArchitectures({})).toBe(0);
});

test('of those who gave up before it began, nothing is computed', async () => {
  const gone = AbortSignal.abort(new Error('the client has left'));
  await expect(laboratory.service.scoreArchitecture(CANONICAL, PROTOCOL, gone)).rejects.toThrow(
    'the client has left',
  );
  expect(laboratory.computed).toEqual([]);
});
