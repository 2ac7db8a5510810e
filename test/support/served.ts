// The service as a process of its own, compiled, with its real engine.

import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Outcome, startMednas } from '../cli/mednas.ts';
import { buildCommand } from './built.ts';

interface Line {
  readonly url?: string;
}

export interface Served {
  readonly url: string;
  readonly folder: string;
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  /** The next line it logs that has these words. */
  readonly said: (words: string) => Promise<Line>;
}

/** Resolves when it listens. `env`: beyond what puts its archive into the folder and it on a free port. */
export async function serve(folder: string, env: Readonly<Record<string, string>> = {}): Promise<Served> {
  const { child, outcome } = startMednas(['serve'], {
    cwd: folder,
    env: { MEDNAS_DATA_DIR: folder, MEDNAS_WORKERS: '2', PORT: '0', ...env },
    cli: await buildCommand(),
  });
  const lines = createInterface({ input: child.stdout });
  const said = (words: string): Promise<Line> =>
    new Promise((resolve) => {
      lines.on('line', (line) => line.includes(words) && resolve(JSON.parse(line) as Line));
    });
  const failed = outcome.then((ended) => {
    throw new Error(`it does not listen: ${JSON.stringify(ended)}`);
  });
  failed.catch(() => undefined);
  const { url = '' } = await Promise.race([said('listening at'), failed]);
  return { url, folder, child, outcome, said };
}

/** Data of an operation. @throws what it was refused with. */
export async function ask<T>(
  { url }: Pick<Served, 'url'>,
  query: string,
  variables: object = {},
): Promise<T> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { readonly data: T; readonly errors?: unknown };
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

/** Starts a search and gives its global id. */
export async function startServedSearch(served: Pick<Served, 'url'>, input: object): Promise<string> {
  const query =
    'mutation ($input: StartSearchInput!) { startSearch(input: $input) { search { id } errors { message } } }';
  const { startSearch } = await ask<{
    readonly startSearch: { readonly search: { readonly id: string } | null; readonly errors: unknown };
  }>(served, query, { input });
  if (startSearch.search === null) throw new Error(JSON.stringify(startSearch.errors));
  return startSearch.search.id;
}
