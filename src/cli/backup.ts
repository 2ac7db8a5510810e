// An archive to one file and back, from and to SQLite or MongoDB alike.

import { stat } from 'node:fs/promises';
import { composeDocuments } from '../compose.ts';
import { loadConfig } from '../config.ts';
import { capture } from '../storage/backup/capture.ts';
import { type Counts, type Row, tally, writeBackup } from '../storage/backup/file.ts';
import type { Documents, Snapshot } from '../storage/documents.ts';
import { restore } from '../storage/backup/restore.ts';
import { COLLECTIONS } from '../storage/records.ts';
import { print } from './output.ts';
import { table } from './report.ts';

/** How often progress is told of, in ms. */
const INTERVAL_MS = 1000;

const inWords = (counts: Counts): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ') || 'nothing';

/** Tells on stderr how far the work is, about once a second. */
function openProgress(): (verb: string, counts: Counts) => void {
  let next = Date.now() + INTERVAL_MS;
  return (verb, counts) => {
    if (Date.now() < next) return;
    next = Date.now() + INTERVAL_MS;
    process.stderr.write(`${verb}: ${inWords(counts)}\n`);
  };
}

async function* counted(
  pages: AsyncIterable<readonly Row[]>,
  tell: (counts: Counts) => void,
): AsyncGenerator<readonly Row[]> {
  const counts: Record<string, number> = {};
  for await (const page of pages) {
    for (const { collection } of page) tally(counts, collection);
    tell(counts);
    yield page;
  }
}

async function ofSnapshot<T>(documents: Documents, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const snapshot = await documents.snapshot(COLLECTIONS);
  try {
    return await work(snapshot);
  } finally {
    await snapshot.close();
  }
}

export async function runBackup({
  out,
  json,
}: {
  readonly out: string;
  readonly json?: true;
}): Promise<void> {
  const documents = await composeDocuments(loadConfig());
  try {
    const tell = openProgress();
    const trailer = await ofSnapshot(documents, (snapshot) =>
      writeBackup(
        out,
        new Date(),
        counted(capture(snapshot), (counts) => tell('written', counts)),
      ),
    );
    const { size: bytes } = await stat(out);
    await print(
      json
        ? JSON.stringify({ file: out, bytes, ...trailer })
        : `${out}: ${inWords(trailer.counts)} (${bytes} bytes, SHA-256 ${trailer.sha256})`,
    );
  } finally {
    await documents.close();
  }
}

interface RestoreFlags {
  readonly from: string;
  readonly merge?: boolean;
  readonly json?: true;
}

export async function runRestore({ from, merge = false, json }: RestoreFlags): Promise<void> {
  const documents = await composeDocuments(loadConfig());
  try {
    const outcome = await restore(documents, from, merge, new Date(), openProgress());
    if (json) return await print(JSON.stringify({ file: from, ...outcome }));
    const rows = Object.entries(outcome.restored).map(([name, count]) => [
      name,
      count,
      outcome.skipped[name] ?? 0,
    ]);
    await print(table([['collection', 'restored', 'there already'], ...rows]));
  } finally {
    await documents.close();
  }
}
