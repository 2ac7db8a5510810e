// Puts a backup's documents into an archive. Nothing is written before the whole file has been read and
// compared with what is there. Searches and trainings come last: one that is there is whole, so a restore that was
// killed leaves none that could be run, and the same restore again goes on where it was.

import { isDeepStrictEqual } from 'node:util';
import { MedNasError } from '../../search/errors.ts';
import { type Collection, type Documents, type Stored, toStored } from '../documents.ts';
import { COLLECTIONS, LEASES, RESTORES, SEARCHES, TRAININGS } from '../records.ts';
import { type Counts, readBackup, type Row, tally, type Trailer } from './file.ts';

const PAGE = 500;
/** Their records say that all that belongs to them is there. */
const RUNS: ReadonlySet<unknown> = new Set([SEARCHES, TRAININGS]);
/** Conflicts that are told of one by one. */
const SHOWN = 5;

export interface Restored {
  readonly sha256: string;
  readonly restored: Counts;
  /** Were there already, and equal. */
  readonly skipped: Counts;
}

type Rows = readonly Stored<unknown>[];

/** Pages of one collection each; returns the trailer of the file, which then has been checked. */
async function* pages(path: string): AsyncGenerator<readonly [Collection<unknown>, Rows], Trailer> {
  const byName = new Map<string, Collection<unknown>>(COLLECTIONS.map((one) => [one.name, one]));
  const rows = readBackup(path);
  let page: Stored<unknown>[] = [];
  let current: Collection<unknown> | undefined;
  for (;;) {
    const next = await rows.next();
    const row = next.done === true ? undefined : (next.value satisfies Row);
    if (
      current !== undefined &&
      page.length > 0 &&
      (page.length >= PAGE || row?.collection !== current.name)
    ) {
      yield [current, page];
      page = [];
    }
    if (next.done === true) return next.value;
    const { collection: name, id, version, layout, body } = next.value;
    current = byName.get(name);
    if (current === undefined) {
      throw new MedNasError(
        'INVALID_STATE',
        `A newer MedNAS wrote ${path}: this one knows no '${name}'. Restore it with that one.`,
      );
    }
    page.push(toStored(current, { id, version, revision: layout, body }));
  }
}

/** Ids of a page that are there; conflicts are those that are there and differ. Leases are whoever's they are. */
async function compare(documents: Documents, collection: Collection<unknown>, rows: Rows) {
  const found = await documents.getMany(
    collection,
    rows.map(({ id }) => id),
  );
  const there = new Map(found.map(({ id, body }) => [id, body]));
  const differing = rows.filter(
    ({ id, body }) => collection !== LEASES && there.has(id) && !isDeepStrictEqual(there.get(id), body),
  );
  return { there, conflicts: differing.map(({ id }) => `${collection.name} ${id}`) };
}

const conflict = (path: string, conflicts: readonly string[], count: number): MedNasError =>
  new MedNasError(
    'CONFLICT',
    `${path} cannot be restored here: ${count} of its documents are in the archive with another content:` +
      `\n- ${conflicts.join('\n- ')}${count > conflicts.length ? `\n- and ${count - conflicts.length} more` : ''}` +
      '\nRestore it into an empty archive.',
  );

async function requireRoom(documents: Documents, sha256: string, path: string): Promise<void> {
  // One that was killed before is the same restore, and goes on.
  if ((await documents.get(RESTORES, sha256)) !== null) return;
  for (const collection of COLLECTIONS) {
    const count = await documents.count(collection, []);
    if (count === 0) continue;
    throw new MedNasError(
      'INVALID_STATE',
      `The archive is not empty (${count} ${collection.name}). Restore ${path} into an empty one, or add its ` +
        'documents to these with --merge.',
    );
  }
}

/**
 * @throws MedNasError of the file, see `readBackup`; INVALID_STATE: the archive is not empty; CONFLICT.
 * Nothing has been written then.
 */
export async function restore(
  documents: Documents,
  path: string,
  merge: boolean,
  now: Date,
  onProgress: (phase: 'checking' | 'restoring', counts: Counts) => void,
): Promise<Restored> {
  const checked: Record<string, number> = {};
  const conflicts: string[] = [];
  let count = 0;
  const checking = pages(path);
  let next = await checking.next();
  for (; next.done !== true; next = await checking.next()) {
    const [collection, rows] = next.value;
    const found = await compare(documents, collection, rows);
    count += found.conflicts.length;
    conflicts.push(...found.conflicts.slice(0, SHOWN - conflicts.length));
    tally(checked, collection.name, rows.length);
    onProgress('checking', checked);
  }
  const { sha256 } = next.value;
  if (!merge) await requireRoom(documents, sha256, path);
  if (count > 0) throw conflict(path, conflicts, count);

  await documents.insert(RESTORES, sha256, { at: now.toISOString() });
  const restored: Record<string, number> = {};
  const skipped: Record<string, number> = {};
  for (const isLast of [false, true]) {
    for await (const [collection, rows] of pages(path)) {
      if (RUNS.has(collection) !== isLast) continue;
      const { there, conflicts: since } = await compare(documents, collection, rows);
      const missing = rows.filter(({ id }) => !there.has(id));
      const stored = await documents.insertMany(collection, missing);
      // Written by somebody else since they were compared, or another document has their unique key.
      const refused = stored < missing.length ? missing.map(({ id }) => `${collection.name} ${id}`) : since;
      if (refused.length > 0) throw conflict(path, refused.slice(0, SHOWN), refused.length);
      tally(restored, collection.name, stored);
      tally(skipped, collection.name, rows.length - stored);
      onProgress('restoring', restored);
    }
  }
  return { sha256, restored, skipped };
}
