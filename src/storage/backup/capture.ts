// What a backup is made of: the documents of an archive, page by page, as of one point of each search, even
// while runs go on. Search records are read first; of what comes after they say how far it belongs: the
// generations they count, and events up to the first that tells of something later. What is left out is
// what a run that goes on from the record does again. Scores come last, so that whatever is referred to is there.

import type { Collection, Snapshot, Stored } from '../documents.ts';
import { pagesOf } from '../pages.ts';
import {
  ARCHITECTURES,
  EVENTS,
  type EventRecord,
  GENERATIONS,
  INDIVIDUALS,
  LEASES,
  type LeaseRecord,
  SEARCHES,
  type SearchRecord,
} from '../records.ts';
import type { Row } from './file.ts';

type Point = Pick<Stored<SearchRecord>, 'version'> & Pick<SearchRecord, 'generation' | 'finishedAt'>;

function isBeyond({ key, happening }: EventRecord, { version, generation, finishedAt }: Point): boolean {
  if (happening.type === 'generation') return happening.generation > generation;
  if (happening.type === 'evaluated') return happening.generation > generation + 1;
  // The end has a key of its own; other statuses that of the record's version.
  const told = /^status:(\d+)$/.exec(key)?.[1];
  return told === undefined ? finishedAt === null : Number(told) > version;
}

/** Nobody runs a search of a restored archive; its fence goes on from where it was. */
const released = (lease: LeaseRecord): LeaseRecord => ({ ...lease, owner: null });

const toRows = <B>({ name, revision }: Collection<B>, page: readonly Stored<B>[]): readonly Row[] =>
  page.map(({ id, version, body }) => ({ collection: name, id, version, layout: revision, body }));

export async function* capture(snapshot: Pick<Snapshot, 'find'>): AsyncGenerator<readonly Row[]> {
  const points = new Map<string, Point>();

  for await (const page of pagesOf(snapshot, SEARCHES)) {
    for (const { id, version, body } of page) {
      points.set(id, { version, generation: body.generation, finishedAt: body.finishedAt });
    }
    yield toRows(SEARCHES, page);
  }
  const within = <B extends { readonly search: string }>(
    page: readonly Stored<B>[],
    isIn: (body: B, point: Point) => boolean,
  ): readonly Stored<B>[] =>
    page.filter(({ body }) => {
      const point = points.get(body.search);
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
      within(page, ({ generation }, point) => generation <= point.generation),
    );
  }
  for await (const page of pagesOf(snapshot, INDIVIDUALS)) {
    yield toRows(
      INDIVIDUALS,
      within(page, ({ born }, point) => born <= point.generation),
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
