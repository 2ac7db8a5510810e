// The searches in the archive: how one whose process is gone is found again, and how one is named.

import { composeArchive } from '../compose.ts';
import { loadConfig } from '../config.ts';
import { MedNasError } from '../search/errors.ts';
import type { Archive, Position } from '../storage/archive.ts';
import type { SearchId, SearchRecord } from '../storage/records.ts';
import { keyOf } from './named.ts';
import { print } from './output.ts';
import { table } from './report.ts';

/** Searches that are read from the archive at a time. */
const PAGE = 200;

async function allSearches(archive: Archive): Promise<readonly SearchRecord[]> {
  const found: SearchRecord[] = [];
  let after: Position | undefined;
  for (;;) {
    const { items, hasMore } = await archive.listSearches([], PAGE, after);
    found.push(...items.map(({ item }) => item));
    after = items.at(-1)?.position;
    if (!hasMore) return found;
  }
}

const describe = ({ id, status, settings, generation, evaluations, ...record }: SearchRecord) => ({
  id,
  status,
  dataset: settings.dataset,
  /** The last finished one; -1: none. */
  generation,
  generations: settings.generations,
  evaluations,
  createdAt: record.createdAt,
  finishedAt: record.finishedAt,
  hypervolume: record.hypervolume,
  failure: record.failure,
});

type Described = ReturnType<typeof describe>;

const rowOf = ({ id, status, generation, generations, hypervolume, createdAt, dataset }: Described) => [
  id,
  status,
  `${generation < 0 ? '-' : generation}/${generations}`,
  hypervolume === null ? '-' : hypervolume.toFixed(4),
  createdAt.replace(/\.\d+/u, ''),
  dataset,
];

export async function listSearches({ json }: { readonly json?: true }): Promise<void> {
  const archive = await composeArchive(loadConfig());
  try {
    const searches = (await allSearches(archive)).map(describe);
    const header = ['id', 'status', 'generation', 'hypervolume', 'created', 'dataset'];
    await print(json ? JSON.stringify(searches) : table([header, ...searches.map(rowOf)]));
  } finally {
    await archive.close();
  }
}

/**
 * The search that a person names by its id, or by the global id the API shows.
 * @throws MedNasError NOT_FOUND
 */
export async function findSearch(archive: Archive, named: string): Promise<SearchRecord> {
  const found = await archive.findSearch(keyOf('Search', named) as SearchId);
  if (found !== null) return found.body;
  throw new MedNasError(
    'NOT_FOUND',
    `There is no search '${named}'; 'mednas searches' lists those there are.`,
    {
      field: 'resume',
    },
  );
}
