// Whether the archive is whole.

import { composeDocuments } from '../compose.ts';
import { loadConfig } from '../config.ts';
import { COLLECTIONS } from '../storage/records.ts';
import type { Finding } from '../storage/verify/finding.ts';
import { verify } from '../storage/verify/verify.ts';
import { print } from './output.ts';

/** Findings that are listed; of more there is only the number. */
const LISTED = 1000;

/** Exit code 1 when something is found. */
export async function verifyArchive({ json }: { readonly json?: true }): Promise<void> {
  const documents = await composeDocuments(loadConfig());
  try {
    const snapshot = await documents.snapshot(COLLECTIONS);
    const listed: Finding[] = [];
    let count = 0;
    const note = (finding: Finding): void => {
      count += 1;
      if (count <= LISTED) listed.push(finding);
    };
    try {
      for (const what of await documents.faults())
        note({ where: 'the database', what, advice: 'Restore the archive from a backup.' });
      for await (const finding of verify(snapshot)) note(finding);
    } finally {
      await snapshot.close();
    }
    const lines = listed.map(({ where, what, advice }) => `${where}: ${what}. ${advice}`);
    const summary = count === 0 ? 'The archive is whole.' : `${count} found.`;
    await print(json ? JSON.stringify({ count, findings: listed }) : [...lines, summary].join('\n'));
    if (count > 0) process.exitCode = 1;
  } finally {
    await documents.close();
  }
}
