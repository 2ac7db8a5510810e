// A whole collection, a page at a time, so that memory does not grow with the archive.

import type { Collection, Query, Scalar, Snapshot, Stored } from './documents.ts';

/** Documents that are read at a time. */
const PAGE = 500;

/** In the order of the paths, which lead to fields of the body; of the ids without them. */
export async function* pagesOf<B>(
  { find }: Pick<Snapshot, 'find'>,
  collection: Collection<B>,
  paths: readonly (string & keyof B)[] = [],
  where: Query['where'] = [],
): AsyncGenerator<readonly Stored<B>[]> {
  const order = paths.map((path) => [path, 'asc'] as const);
  let after: Query['after'];
  for (;;) {
    const page = await find(collection, { where, order, limit: PAGE, ...(after && { after }) });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = { id: last.id, values: paths.map((path) => (last.body[path] ?? null) as Scalar) };
  }
}
