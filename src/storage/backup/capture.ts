// What a backup is made of: the documents of an archive, page by page, as of one point of each search and
// training, even while runs go on. Their records are read first; of what comes after they say how far it belongs: the
// generations or epochs they count, and events up to the first that tells of something later. What is left out is
// what a run that goes on from the record does again. Scores come last, so that whatever is referred to is there.

import type { Collection, Snapshot, Stored } from '../documents.ts';
import { pagesOf } from '../pages.ts';
import {
  ARCHITECTURES,
  EPOCHS,
  EVENTS,
  type EventRecord,
  GENERATIONS,
  INDIVIDUALS,
  LEASES,
  type LeaseRecord,
  SEARCHES,
  type SearchRecord,
  TRAININGS,
} from '../records.ts';
import type { Row } from './file.ts';

/** `last`: the last finished generation or epoch. */
type Point = Pick<Stored<SearchRecord>, 'version'> &
  Pick<SearchRecord, 'finishedAt'> & { readonly last: number };

function isBeyond({ key, happening }: EventRecord, { version, last, finishedAt }: Point): boolean {
  if (happening.type === 'generation') return happening.generation > last;
  if (happening.type === 'epoch') return happening.epoch > last;
  if (happening.type === 'evaluated') return happening.generation > last + 1;
  // The end has a key of its own; other statuses that of the record's version.
  const told = /^status:(\d+)$/.exec(key)?.[1];
  return told === undefined ? finishedAt === null : Number(told) > version;
}

/** Nobody runs what is in a restored archive; each fence goes on from where it was. */
const released = (lease: LeaseRecord): LeaseRecord => ({ ...lease, owner: null });

const toRows = <B>({ name, revision }: Collection<B>, page: readonly Stored<B>[]): readonly Row[] =>
  page.map(({ id, version, body }) => ({ collection: name, id, version, layout: revision, body }));

export async function* capture(snapshot: Pick<Snapshot, 'find'>): AsyncGenerator<readonly Row[]> {
  const points = new Map<string, Point>();

  for await (const page of pagesOf(snapshot, SEARCHES)) {
    for (const { id, version, body } of page) {
      points.set(id, { version, last: body.generation, finishedAt: body.finishedAt });
    }
    yield toRows(SEARCHES, page);
  }
  for await (const page of pagesOf(snapshot, TRAININGS)) {
    for (const { id, version, body } of page) {
      points.set(id, { version, last: body.epoch, finishedAt: body.finishedAt });
    }
    yield toRows(TRAININGS, page);
  }
  const within = <B extends { readonly search: string } | { readonly training: string }>(
    page: readonly Stored<B>[],
    isIn: (body: B, point: Point) => boolean,
  ): readonly Stored<B>[] =>
    page.filter(({ body }) => {
      const point = points.get('training' in body ? body.training : body.search);
      return point !== undefined && isIn(body, point);
    });

  let cut: string | null = null;
  for await (const page of pagesOf(snapshot, EVENTS, ['search', 'sequence'])) {
    const kept = within(page, (event, point) => {
      if (event.search !== cut && isBeyond(event, point)) cut = event.search;
      return event.search !== cut;
    });
    yield toRows(EVENTS, kept);
  }
  for await (const page of pagesOf(snapshot, GENERATIONS)) {
    yield toRows(
      GENERATIONS,
      within(page, ({ generation }, point) => generation <= point.last),
    );
  }
  for await (const page of pagesOf(snapshot, EPOCHS)) {
    yield toRows(
      EPOCHS,
      within(page, ({ epoch }, point) => epoch <= point.last),
    );
  }
  for await (const page of pagesOf(snapshot, INDIVIDUALS)) {
    yield toRows(
      INDIVIDUALS,
      within(page, ({ born }, point) => born <= point.last),
    );
  }
  for await (const page of pagesOf(snapshot, ARCHITECTURES)) yield toRows(ARCHITECTURES, page);
  for await (const page of pagesOf(snapshot, LEASES)) {
    const kept = within(page, () => true);
    yield toRows(
      LEASES,
      kept.map((stored) => ({ ...stored, body: released(stored.body) })),
    );
  }
}
