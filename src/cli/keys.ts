// `mednas keys`: who may use the API of a service that others reach. The service need not run, and one that
// runs knows of a change at once: both look into the same archive.

import type { Command } from 'commander';
import { composeArchive } from '../compose.ts';
import { loadConfig } from '../config.ts';
import { MedNasError, shown } from '../search/errors.ts';
import { type Keys, openKeys, stateOf } from '../service/keys.ts';
import { type KeyRecord, ROLES } from '../storage/keys.ts';
import { print } from './output.ts';
import { table } from './report.ts';

interface Flags {
  readonly json?: true;
}

const UNITS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of `90d`, `12h`, `30m`. @throws MedNasError INVALID_ARGUMENT */
function parseLifetime(text: string | undefined): number | null {
  if (text === undefined) return null;
  const [, count = '', unit = ''] = /^([1-9]\d{0,5})([mhd])$/.exec(text) ?? [];
  const length = UNITS[unit];
  if (length !== undefined) return Number(count) * length;
  const message = `--expires is a number of minutes, hours or days, such as 30m, 12h or 90d; got ${shown(text)}.`;
  throw new MedNasError('INVALID_ARGUMENT', message, { field: 'expires' });
}

async function withKeys<T>(work: (keys: Keys) => Promise<T>): Promise<T> {
  const archive = await composeArchive(loadConfig());
  try {
    return await work(openKeys(archive, () => new Date()));
  } finally {
    await archive.close();
  }
}

/** What is shown of a key: never its hash. */
function describe(record: KeyRecord) {
  const { hash: _, ...visible } = record;
  return { ...visible, usedAt: record.usedAt ?? null, state: stateOf(record, new Date()) };
}

/** Without milliseconds; null: never. */
const shownTime = (time: string | null): string => time?.replace(/\.\d+/u, '') ?? 'never';

interface CreateFlags extends Flags {
  readonly role: string;
  readonly name: string;
  readonly expires?: string;
}

async function create({ role, name, expires, json }: CreateFlags): Promise<void> {
  const lifetime = parseLifetime(expires);
  const { key, record } = await withKeys((keys) => keys.create({ role, name, lifetime }));
  if (json) return await print(JSON.stringify({ key, ...describe(record) }));
  process.stderr.write(
    `Key ${record.id} (${record.role}) for ${record.name}. Keep what follows: it is not shown again.\n`,
  );
  await print(key);
}

async function list({ json }: Flags): Promise<void> {
  const listed = (await withKeys((keys) => keys.list())).map(describe);
  if (json) return await print(JSON.stringify(listed));
  const rows = listed.map(({ id, role, state, createdAt, expiresAt, usedAt, name }) => [
    id,
    role,
    state,
    ...[createdAt, expiresAt, usedAt].map(shownTime),
    name,
  ]);
  await print(table([['id', 'role', 'state', 'created', 'expires', 'last used', 'name'], ...rows]));
}

async function revoke(id: string, { json }: Flags): Promise<void> {
  const record = await withKeys((keys) => keys.revoke(id));
  await print(json ? JSON.stringify(describe(record)) : `Key ${record.id} (${record.name}) lets nobody in.`);
}

const JSON_FLAG = ['--json', 'print one JSON document'] as const;

/** Adds the subcommands. */
export function keysCommand(command: Command): Command {
  command
    .command('create')
    .description('make a key, and show it once')
    .requiredOption('--role <role>', `what it allows: ${ROLES.join(', ')}`)
    .requiredOption('--name <name>', 'whose it is, or what for')
    .option('--expires <time>', 'when it ends by itself, such as 30m, 12h or 90d; left out: never')
    .option(...JSON_FLAG)
    .action(create);
  command
    .command('list')
    .description('list the keys, the oldest first')
    .option(...JSON_FLAG)
    .action(list);
  command
    .command('revoke')
    .argument('<id>', 'of the key')
    .description('let nobody in by a key any more, at once')
    .option(...JSON_FLAG)
    .action(revoke);
  return command;
}
