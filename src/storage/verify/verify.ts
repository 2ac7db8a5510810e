// Whether an archive is whole: each document has its shape and the id its content gives it, what it refers
// to is there, and the records, generations, epochs and events of each search or training tell the same. What a crash may leave, and
// a run makes good when it goes on, is no fault. Reads pages, so memory does not grow with the archive.

import { isDeepStrictEqual } from 'node:util';
import { isLasting } from '../../search/evaluation.ts';
import { architectureId, protocolId } from '../../search/identity.ts';
import { SPACES } from '../../search/space/spaces.ts';
import { architectureKey } from '../archive.ts';
import type { Collection, Stored } from '../documents.ts';
import { pagesOf } from '../pages.ts';
import {
  ARCHITECTURES,
  type ArchitectureRecord,
  type EpochRecord,
  EPOCHS,
  EVENTS,
  type EventRecord,
  GENERATIONS,
  type GenerationRecord,
  INDIVIDUALS,
  type IndividualRecord,
  LEASES,
  type LeaseRecord,
  type SearchId,
  type SearchRecord,
  SEARCHES,
  type TrainingRecord,
  TRAININGS,
} from '../records.ts';
import { DELETE, type Findings, type Reader, RESTORE, scoresOf, wellShaped } from './finding.ts';
import { verifyEpochs, verifyHistory } from './history.ts';

const RESCORE = 'Restore it from a backup, or remove it: whoever asks next has it scored again.';

async function searchesById(
  reader: Reader,
  ids: Iterable<SearchId>,
): Promise<ReadonlyMap<SearchId, SearchRecord>> {
  const found = await reader.find(SEARCHES, { where: [['id', 'in', [...new Set(ids)]]] });
  return new Map(found.map(({ body }) => [body.id, body]));
}

const keyOf = (body: ArchitectureRecord): string => architectureKey(body.protocolId, body.architecture);

async function* verifyArchitectures(reader: Reader): Findings {
  for await (const page of pagesOf(reader, ARCHITECTURES)) {
    const records: Stored<ArchitectureRecord>[] = [];
    yield* wellShaped(ARCHITECTURES, page, keyOf, records);
    for (const { id, body } of records) {
      const where = `architectures ${id}`;
      if (protocolId(body.protocol) !== body.protocolId)
        yield { where, what: 'its protocol has another hash than it says', advice: RESCORE };
      if (architectureId(body.protocol.space, body.genotype) !== body.architecture)
        yield { where, what: 'its genotype has another hash than it says', advice: RESCORE };
    }
  }
}

async function* verifySearches(reader: Reader): Findings {
  for await (const page of pagesOf(reader, SEARCHES)) {
    const records: Stored<SearchRecord>[] = [];
    yield* wellShaped(SEARCHES, page, ({ id }) => id, records);
    for (const { body } of records) yield* verifyHistory(reader, body);
  }
}

async function* verifyGenerations(reader: Reader): Findings {
  for await (const page of pagesOf(reader, GENERATIONS)) {
    const records: Stored<GenerationRecord>[] = [];
    yield* wellShaped(GENERATIONS, page, (body) => `${body.search}:${body.generation}`, records);
    for (const { id, body } of records) {
      const named = [
        ...new Set([...body.population, ...body.front, ...(body.best === null ? [] : [body.best])]),
      ];
      const found = await reader.find(INDIVIDUALS, {
        where: [
          ['search', 'eq', body.search],
          ['id', 'in', named],
          ['born', 'lte', body.generation],
        ],
      });
      const there = new Set(found.map((individual) => individual.body.id));
      for (const one of named.filter((name) => !there.has(name)))
        yield { where: `generations ${id}`, what: `has the member ${one}, which is missing`, advice: DELETE };
    }
  }
}

async function* verifyIndividual(
  { id, body }: Stored<IndividualRecord>,
  record: SearchRecord | undefined,
  scores: ReadonlyMap<string, ArchitectureRecord>,
): Findings {
  const where = `individuals ${id}`;
  if (record === undefined) {
    yield { where, what: 'is of a search that is missing', advice: RESTORE };
    return;
  }
  const space = SPACES[record.settings.space];
  if (space === undefined || architectureId(space.id, space.canonical(body.genotype)) !== body.id)
    yield { where, what: 'its genotype has another hash than it says', advice: DELETE };
  const score = scores.get(body.id);
  if (score === undefined) yield { where, what: 'its score is missing', advice: RESTORE };
  else if (isLasting(body.evaluation) && !isDeepStrictEqual(score.evaluation, body.evaluation))
    yield { where, what: 'has other scores than its architecture', advice: DELETE };
}

async function* verifyIndividuals(reader: Reader): Findings {
  for await (const page of pagesOf(reader, INDIVIDUALS)) {
    const records: Stored<IndividualRecord>[] = [];
    yield* wellShaped(INDIVIDUALS, page, (body) => `${body.search}:${body.index}`, records);
    const searches = await searchesById(
      reader,
      records.map(({ body }) => body.search),
    );
    for (const search of new Set(records.map(({ body }) => body.search))) {
      const own = records.filter(({ body }) => body.search === search);
      const record = searches.get(search);
      const names = own.map(({ body }) => body.id);
      const scores = record === undefined ? new Map() : await scoresOf(reader, record, names);
      for (const individual of own) yield* verifyIndividual(individual, record, scores);
    }
  }
}

/** Whose a document is that belongs to a search or a training. */
const ownerIn = (body: EventRecord | LeaseRecord | GenerationRecord | EpochRecord): string =>
  'training' in body ? body.training : body.search;

async function* verifyBelonging<B extends EventRecord | LeaseRecord | GenerationRecord | EpochRecord>(
  reader: Reader,
  collection: Collection<B>,
): Findings {
  for await (const page of pagesOf(reader, collection)) {
    const where = [['id', 'in', [...new Set(page.map(({ body }) => ownerIn(body)))]]] as const;
    const owners = [
      ...(await reader.find(SEARCHES, { where })),
      ...(await reader.find(TRAININGS, { where })),
    ];
    const there = new Set<string>(owners.map(({ id }) => id));
    for (const { id, body } of page)
      if (!there.has(ownerIn(body)))
        yield {
          where: `${collection.name} ${id}`,
          what: `is of a ${'training' in body ? 'training' : 'search'} that is missing`,
          advice: RESTORE,
        };
  }
}

async function* verifyTrainings(reader: Reader): Findings {
  for await (const page of pagesOf(reader, TRAININGS)) {
    const records: Stored<TrainingRecord>[] = [];
    yield* wellShaped(TRAININGS, page, ({ id }) => id, records);
    for (const { body } of records) yield* verifyEpochs(reader, body);
  }
  for await (const page of pagesOf(reader, EPOCHS))
    yield* wellShaped(EPOCHS, page, (body) => `${body.training}:${body.epoch}`, []);
}

async function* verifyLeases(reader: Reader): Findings {
  for await (const page of pagesOf(reader, LEASES))
    yield* wellShaped(LEASES, page, ({ search }) => search, []);
}

/** Everything that is wrong, as it is found. */
export async function* verify(reader: Reader): Findings {
  yield* verifyArchitectures(reader);
  yield* verifySearches(reader);
  yield* verifyIndividuals(reader);
  yield* verifyGenerations(reader);
  yield* verifyTrainings(reader);
  yield* verifyLeases(reader);
  for (const collection of [GENERATIONS, EPOCHS, EVENTS, LEASES])
    yield* verifyBelonging(reader, collection as Collection<EventRecord | LeaseRecord | GenerationRecord>);
}
