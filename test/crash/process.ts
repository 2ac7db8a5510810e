// `mednas serve` as a process of its own, which can be killed, and a client that follows a search on it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** As it is built: decorators keep the service from running as it is written. */
export const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const KILLER = new URL('killWorker.ts', import.meta.url).href;

type Environment = Readonly<Record<string, string>>;

export interface ServiceProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Ends it at once, as a power cut would. */
  readonly kill: () => Promise<void>;
  /** Ends it in order; whether it exits with 0. */
  readonly stop: () => Promise<boolean>;
  /** What it wrote to stderr. */
  readonly errors: () => string;
}

/** @throws Error when it ends before it listens. */
export async function startService(environment: Environment, workerMs?: number): Promise<ServiceProcess> {
  const preload = workerMs === undefined ? [] : ['--import', KILLER];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...preload, CLI, 'serve'], {
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      MEDNAS_WORKERS: '2',
      MEDNAS_DOWNLOAD: 'off',
      ...(workerMs !== undefined && { CRASH_TEST_WORKER_MS: String(workerMs) }),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const listening = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { url, msg } = JSON.parse(line) as { readonly url?: string; readonly msg?: string };
      if (url !== undefined && msg?.startsWith('listening') === true) resolve(url);
    });
    void ended.then(([code]) => reject(new Error(`the service ended with ${String(code)}: ${stderr}`)));
  });
  listening.catch(() => undefined);
  return {
    url: await listening,
    child,
    errors: () => stderr,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGTERM');
      return ((await ended) as readonly unknown[])[0] === 0;
    },
  };
}

const post = (url: string, accept: string, query: string, variables: object, signal?: AbortSignal) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify({ query, variables }),
    ...(signal && { signal }),
  });

/** Starts a search, or finds the one that the key has started; its global id. */
export async function startSearch(url: string, input: object, idempotencyKey: string): Promise<string> {
  const query = `mutation ($input: StartSearchInput!, $key: String) {
    startSearch(input: $input, idempotencyKey: $key) { search { id } errors { message } }
  }`;
  const variables = { input, key: idempotencyKey };
  const response = await post(`${url}/graphql`, 'application/json', query, variables);
  const answer = (await response.json()) as {
    readonly data?: { readonly startSearch: { readonly search: { readonly id: string } | null } };
  };
  const id = answer.data?.startSearch.search?.id;
  if (id === undefined) throw new Error(`no search: ${JSON.stringify(answer)}`);
  return id;
}

export interface Heard {
  readonly sequence: number;
  readonly __typename: string;
  readonly status?: string;
  /** Of an evaluation. */
  readonly genotype?: readonly number[];
}

const EVENTS = `subscription ($id: ID!, $after: Int) {
  searchEvents(searchId: $id, after: $after) {
    __typename sequence
    ... on StatusChanged { status }
    ... on ArchitectureEvaluated { architecture { genotype } }
  }
}`;

/** Data of a subscription over SSE, until it ends or the connection is lost. */
export async function* subscribe<T>(url: string, query: string, variables: object): AsyncGenerator<T> {
  const response = await post(`${url}/graphql/stream`, 'text/event-stream', query, variables);
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const messages = text.split('\n\n');
    text = messages.pop() ?? '';
    for (const message of messages) {
      const data = /^data: (.+)$/m.exec(message)?.[1];
      if (data !== undefined) yield (JSON.parse(data) as { readonly data: T }).data;
    }
  }
}

/** Events after one that was heard last, over SSE, until the search ends or the connection is lost. */
export async function* follow(url: string, id: string, after: number): AsyncGenerator<Heard> {
  interface Data {
    readonly searchEvents: Heard & { readonly architecture?: Pick<Heard, 'genotype'> };
  }
  for await (const { searchEvents } of subscribe<Data>(url, EVENTS, { id, after }))
    yield { ...searchEvents, ...searchEvents.architecture };
}

/** The answer to an operation. @throws Error when there are errors. */
export async function ask<T>(url: string, query: string, variables: object): Promise<T> {
  const response = await post(`${url}/graphql`, 'application/json', query, variables);
  const { data, errors } = (await response.json()) as { readonly data: T; readonly errors?: unknown };
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}
