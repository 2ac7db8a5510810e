// Whether a search's record, its generations, its individuals and its events tell the same; likewise a training's
// record, its epochs and its events.

import type { Stored } from '../documents.ts';
import { pagesOf } from '../pages.ts';
import {
  EPOCHS,
  type EventRecord,
  EVENTS,
  GENERATIONS,
  INDIVIDUALS,
  type SearchRecord,
  type TrainingRecord,
} from '../records.ts';
import { DELETE, type Findings, type Reader, RESTORE, scoresOf, wellShaped } from './finding.ts';

async function* verifyEvents(reader: Reader, record: SearchRecord): Findings {
  const where = `events of search ${record.id}`;
  let sequence = 0;
  let generation = -1;
  for await (const page of pagesOf(reader, EVENTS, ['search', 'sequence'], [['search', 'eq', record.id]])) {
    const events: Stored<EventRecord>[] = [];
    yield* wellShaped(EVENTS, page, (body) => `${body.search}:${body.sequence}`, events);
    const evaluated = events.flatMap(({ body: { happening } }) =>
      happening.type === 'evaluated' ? [happening.architecture] : [],
    );
    const scores = await scoresOf(reader, record, evaluated);
    for (const architecture of evaluated.filter((one) => !scores.has(one)))
      yield { where, what: `tell of architecture ${architecture}, whose score is missing`, advice: RESTORE };
    for (const { body } of page) {
      if (body.sequence !== sequence + 1)
        yield { where, what: `number ${body.sequence} follows ${sequence}`, advice: DELETE };
      ({ sequence } = body);
      if (body.happening.type !== 'generation') continue;
      if (body.happening.generation !== generation + 1)
        yield {
          where,
          what: `generation ${body.happening.generation} is told of after ${generation}`,
          advice: DELETE,
        };
      ({ generation } = body.happening);
    }
  }
  // The last one may be told of when the search goes on.
  const least = record.status === 'completed' ? record.generation : record.generation - 1;
  if (generation < least || generation > record.generation)
    yield {
      where,
      what: `tell of generations up to ${generation}, and the search has finished ${record.generation}`,
      advice: DELETE,
    };
}

/** Whether what a search counts is stored; a run that has not ended may have begun to store a generation more. */
async function* verifyCounts(reader: Reader, record: SearchRecord): Findings {
  const where = `searches ${record.id}`;
  let generations = 0;
  for await (const page of pagesOf(
    reader,
    GENERATIONS,
    ['search', 'generation'],
    [['search', 'eq', record.id]],
  ))
    for (const { body } of page) {
      if (body.generation !== generations)
        yield { where, what: `generation ${generations} is missing`, advice: DELETE };
      generations = body.generation + 1;
    }
  const most = record.status === 'completed' ? 1 : 2;
  if (generations < record.generation + 1 || generations > record.generation + most)
    yield {
      where,
      what: `has finished generation ${record.generation}, and ${generations} are stored`,
      advice: DELETE,
    };
  let individuals = 0;
  const born = ['born', 'lte', record.generation] as const;
  const ofSearch = ['search', 'eq', record.id] as const;
  for await (const page of pagesOf(reader, INDIVIDUALS, ['search', 'index'], [ofSearch, born]))
    individuals += page.length;
  if (individuals !== record.evaluations)
    yield { where, what: `counts ${record.evaluations} evaluations, and has ${individuals}`, advice: DELETE };
  if (record.generation >= 0 && record.protocol === null)
    yield { where, what: 'has generations and no protocol', advice: DELETE };
}

export async function* verifyHistory(reader: Reader, record: SearchRecord): Findings {
  yield* verifyCounts(reader, record);
  yield* verifyEvents(reader, record);
}

const DELETE_TRAINING = 'Delete the training and run it again: it comes to the same.';

/** A run that has not ended may have stored an epoch more than its record counts. */
export async function* verifyEpochs(reader: Reader, record: TrainingRecord): Findings {
  const where = `trainings ${record.id}`;
  const advice = DELETE_TRAINING;
  const found = await reader.find(EPOCHS, {
    where: [['training', 'eq', record.id]],
    order: [['epoch', 'asc']],
  });
  const gap = found.findIndex(({ body }, i) => body.epoch !== i);
  if (gap >= 0) yield { where, what: `epoch ${gap} is missing`, advice };
  const most = record.status === 'completed' ? 1 : 2;
  if (found.length < record.epoch + 1 || found.length > record.epoch + most)
    yield { where, what: `has finished epoch ${record.epoch}, and ${found.length} are stored`, advice };
  if (record.epoch >= 0 && record.protocol === null)
    yield { where, what: 'has epochs and no protocol', advice };
  if (record.epoch >= 0 && (record.best === null || record.best.epoch > record.epoch))
    yield { where, what: 'has epochs, and none of them is its best', advice };
  if (record.status === 'completed' && record.measured === null)
    yield { where, what: 'has completed, and nothing of it is measured', advice };

  let sequence = 0;
  let epoch = -1;
  const whose = `events of training ${record.id}`;
  for await (const page of pagesOf(reader, EVENTS, ['search', 'sequence'], [['search', 'eq', record.id]]))
    for (const { body } of page) {
      if (body.sequence !== sequence + 1)
        yield { where: whose, what: `number ${body.sequence} follows ${sequence}`, advice };
      ({ sequence } = body);
      if (body.happening.type !== 'epoch') continue;
      if (body.happening.epoch !== epoch + 1)
        yield { where: whose, what: `epoch ${body.happening.epoch} is told of after ${epoch}`, advice };
      ({ epoch } = body.happening);
    }
  // The last one may be told of when the training goes on.
  if (epoch < record.epoch - (record.status === 'completed' ? 0 : 1) || epoch > record.epoch)
    yield {
      where: whose,
      what: `tell of epochs up to ${epoch}, and the training has finished ${record.epoch}`,
      advice,
    };
}
