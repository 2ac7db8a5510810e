// A process that writes to a SQLite archive until it is done or killed, and says on stdout, a line
// each, what has been acknowledged: node writer.ts insert|increment FOLDER TIMES.

import type { Collection } from '../../src/storage/documents.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';

export interface Counter {
  readonly n: number;
  readonly padding?: string;
}

export const COUNTERS: Collection<Counter> = {
  name: 'counters',
  unique: [],
  indexes: [['n']],
  revision: 1,
  upgrade: (body) => body as Counter,
};

const WRITES: Readonly<Record<string, (folder: string, times: number) => Promise<void>>> = {
  /** A document each time. */
  async insert(folder, times) {
    const documents = await openSqlite(folder);
    const first = await documents.count(COUNTERS, []);
    for (let n = first; n < first + times; n += 1) {
      await documents.insert(COUNTERS, `id${n}`, { n, padding: 'x'.repeat(3000) });
      process.stdout.write(`id${n}\n`);
    }
  },

  /** One more in the same document each time, whoever else writes to it. */
  async increment(folder, times) {
    const documents = await openSqlite(folder);
    await documents.insert(COUNTERS, 'counter', { n: 0 });
    for (let done = 0; done < times;) {
      const found = await documents.get(COUNTERS, 'counter');
      if (!found) throw new Error('the counter is gone');
      if (!(await documents.replace(COUNTERS, 'counter', found.version, { n: found.body.n + 1 }))) continue;
      done += 1;
      process.stdout.write(`${found.body.n + 1}\n`);
    }
    await documents.close();
  },
};

const [, script, mode = '', folder = '', times = ''] = process.argv;
// Tests import the collection from here.
if (script === import.meta.filename) await WRITES[mode]?.(folder, Number(times));
