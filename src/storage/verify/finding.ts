// What is found in an archive that is not whole, and what most checks begin with.

import { protocolId } from '../../search/identity.ts';
import type { Collection, Snapshot, Stored } from '../documents.ts';
import { ARCHITECTURES, type ArchitectureRecord, type SearchRecord } from '../records.ts';
import { misshapen } from './shapes.ts';

export interface Finding {
  /** Collection and id. */
  readonly where: string;
  readonly what: string;
  readonly advice: string;
}

export type Reader = Pick<Snapshot, 'find'>;
export type Findings = AsyncGenerator<Finding>;

export const RESTORE = 'Restore it from a backup.';
export const DELETE = 'Delete the search and run it again with its settings: what is scored is reused.';

/** Those of a page's documents that have their shape, and findings of the others. */
export function* wellShaped<B>(
  { name }: Collection<B>,
  page: readonly Stored<B>[],
  idOf: (body: B) => string,
  wellFormed: Stored<B>[],
): Generator<Finding> {
  for (const document of page) {
    const faults = misshapen(name, document.body);
    const where = `${name} ${document.id}`;
    for (const what of faults) yield { where, what, advice: RESTORE };
    if (faults.length > 0) continue;
    if (idOf(document.body) === document.id) wellFormed.push(document);
    else yield { where, what: `its content belongs under the id ${idOf(document.body)}`, advice: RESTORE };
  }
}

/** The scores that individuals or events of a search name, by architecture. */
export async function scoresOf(reader: Reader, record: SearchRecord, names: readonly string[]) {
  if (record.protocol === null) return new Map<string, ArchitectureRecord>();
  const where = [
    ['protocolId', 'eq', protocolId(record.protocol)],
    ['architecture', 'in', names],
  ] as const;
  const found = await reader.find(ARCHITECTURES, { where });
  return new Map<string, ArchitectureRecord>(found.map(({ body }) => [body.architecture, body]));
}
