// `npm run crash-test -- --moments 30`: kills services and workers at random moments, and prints what came
// of it. Exit code 1 when anything was lost, done again, or came out otherwise.

import { Command } from 'commander';
import { startMongoServer } from '../support/mongo/server.ts';
import {
  crash,
  isFlawless,
  momentsOf,
  newMongo,
  newSqlite,
  type Outcome,
  type Store,
  type Victim,
} from './crash.ts';

/** Kills of one search's service. */
const PER_SEARCH = 3;

const { moments: count, seed } = new Command('crash-test')
  .option('--moments <n>', 'kills of each kind, at least, before the end of a search', Number, 30)
  .option('--seed <n>', 'of the moments', Number, 1)
  .parse()
  .opts<{ readonly moments: number; readonly seed: number }>();

const mongo = await startMongoServer();
const KINDS: readonly (readonly [storage: string, victim: Victim, open: () => Store, perSearch: number])[] = [
  ['SQLite', 'service', newSqlite, PER_SEARCH],
  ['MongoDB', 'service', () => newMongo(mongo), PER_SEARCH],
  ['SQLite', 'worker', newSqlite, 1],
  ['MongoDB', 'worker', () => newMongo(mongo), 1],
];

async function once(open: () => Store, victim: Victim, moments: readonly number[]): Promise<Outcome> {
  const store = open();
  try {
    return await crash(store, victim, moments);
  } finally {
    store.dispose();
  }
}

const { population, seconds } = await once(newSqlite, 'service', []);
process.stdout.write(`uninterrupted: ${seconds.toFixed(1)} s with start and end\n`);
process.stdout.write('storage  victim   search  kills  told  lost  again  miscounted  findings  same end\n');

for (const [storage, victim, open, perSearch] of KINDS) {
  // More than are needed: some come when the search has ended.
  const moments = momentsOf(seed, 10 * count, 1000 * seconds * 0.4);
  const total = { kills: 0, flawed: 0 };
  for (let i = 0; total.kills < count && i < moments.length; i += perSearch) {
    const outcome = await once(open, victim, moments.slice(i, i + perSearch));
    const isFine = isFlawless(outcome, population);
    total.kills += outcome.kills;
    total.flawed += isFine ? 0 : 1;
    const { kills, acknowledged, lost, again, miscounted, findings } = outcome;
    const row = [
      storage.padEnd(8),
      victim.padEnd(8),
      i / perSearch + 1,
      kills,
      acknowledged,
      lost,
      again,
      miscounted,
      findings,
      isFine,
    ];
    process.stdout.write(`${row.map((cell) => String(cell).padStart(4)).join('  ')}\n`);
  }
  process.stdout.write(
    `${storage}, ${victim}: ${total.kills} kills before the end, ${total.flawed} searches flawed\n`,
  );
  if (total.flawed > 0) process.exitCode = 1;
}
await mongo.close();
