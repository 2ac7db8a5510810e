// What an image is tried on: it runs as nobody in particular on a read-only tree, says when it is ready, does
// its work, ends when told, and finds its work again. Every step throws when it does not come to pass.

import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { type Container, start } from './container.ts';
import type { Image } from './image.ts';

const READY_WITHIN_MS = 60_000;
const SEARCH_WITHIN_MS = 60_000;
/** What container engines grant between the stop signal and SIGKILL, unless told otherwise. */
const STOPS_WITHIN_MS = 10_000;

const START = `mutation ($input: StartSearchInput!, $key: String!) {
  startSearch(input: $input, idempotencyKey: $key) { search { id status } errors { message } }
}`;
const SETTINGS = {
  dataset: 'breastmnist',
  batchSize: 8,
  initChannels: 4,
  population: 6,
  offspring: 6,
  seed: 7,
};
const FEW_GENERATIONS = 2;
/** More than it will finish: the service is stopped in its midst. */
const MANY_GENERATIONS = 1000;

/** Of the answers, what is looked at. */
interface Answers {
  readonly startSearch?: { readonly search: { readonly id: string } | null; readonly errors: unknown };
  readonly search?: { readonly status: string; readonly hypervolume: number | null };
}
const STATE = 'query ($id: ID!) { search(id: $id) { status hypervolume } }';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : assert.fail('no port is free');
}

/** Asks until the answer is yes, every 100 ms. */
async function until(what: string, withinMs: number, ask: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await ask())) {
    assert.ok(performance.now() < end, `${what}: not within ${withinMs / 1000} s`);
    await setTimeout(100);
  }
}

/** Every file of the tree, by kind, mode, owner, size and time of change. */
const listing = (root: string): readonly string[] =>
  execFileSync('find', ['.', '-printf', '%p %y %m %U %s %C@\n'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  }).split('\n');

/** The service, and a key to it. */
interface Door {
  readonly url: string;
  readonly key: string;
}

const post = ({ url, key }: Door, query: string, variables: object): Promise<Response> =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key !== '' && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ query, variables }),
  });

async function ask(door: Door, query: string, variables: object): Promise<Answers> {
  const response = await post(door, query, variables);
  const { data, errors } = (await response.json()) as { readonly data: Answers; readonly errors?: unknown };
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

/** The status of an address; null: nobody answers. */
const statusOf = (url: string): Promise<number | null> =>
  fetch(url).then(
    ({ status }) => status,
    () => null,
  );

export interface Trial {
  readonly image: Image;
  /** A folder that is mounted as the image's one volume. */
  readonly volume: string;
  readonly say: (line: string) => void;
}

/** Runs the image while `work` is done with it, and stops it. */
async function running(
  { image, volume, say }: Trial,
  work: (url: string, container: Container, port: number) => Promise<void>,
): Promise<void> {
  const port = await freePort();
  const [at = assert.fail('the image has no volume')] = image.volumes;
  const env = { ...image.env, PORT: String(port) };
  const command = [...image.entrypoint, ...image.cmd];
  say(`run: ${command.join(' ')} (user ${image.user}, PORT=${port})`);
  const began = performance.now();
  const container = await start(image.root, { folder: volume, at }, { ...image, env }, command);
  try {
    const url = `http://127.0.0.1:${port}`;
    const isOver = container.exited.then(({ code, output }) => {
      throw new Error(`the service ended with code ${code}:\n${output}`);
    });
    await Promise.race([
      isOver,
      until('ready', READY_WITHIN_MS, async () => (await statusOf(`${url}/readyz`)) === 200),
    ]);
    say(`/readyz: 200 after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    await Promise.race([isOver, work(url, container, port)]);

    const stopped = performance.now();
    process.kill(container.pid, image.stopSignal);
    const ended = await Promise.race([container.exited, setTimeout(STOPS_WITHIN_MS, null)]);
    assert.equal(ended?.code, 0, `after ${image.stopSignal}: ${ended?.output ?? 'it runs on'}`);
    say(
      `${image.stopSignal}: ended with code 0 after ${((performance.now() - stopped) / 1000).toFixed(1)} s`,
    );
  } finally {
    // Ends what is left of it; of a container that is gone nobody answers to its number any more.
    if (!container.hasEnded()) process.kill(container.pid, 'SIGKILL');
  }
}

/** In the container: its user's rights, and what it may write. */
async function confinement({ image, say }: Trial, container: Container): Promise<void> {
  const status = readFileSync(`/proc/${container.pid}/status`, 'utf8');
  const [uid] = image.user.split(':');
  assert.notEqual(uid, '0');
  assert.match(status, new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, 'mu'));
  assert.match(status, /^CapEff:\t0+$/mu);
  assert.match(status, /^NoNewPrivs:\t1$/mu);
  for (const path of ['/new', '/app/new', '/app/dist/cli.js', '/tmp/new', '/etc/new']) {
    const script = `try { fs.appendFileSync('${path}', '') } catch ({ code }) { console.log(code) }`;
    const { output } = await container.exec(['node', '-e', script]);
    assert.match(output, /^(EROFS|EACCES)\n$/u, `${path} could be written: ${output}`);
  }
  say(`confined: uid ${uid}, no capabilities, no way to more; nothing outside the volume can be written`);
}

async function health({ image, say }: Trial, container: Container, port: number): Promise<void> {
  const env = { ...image.env, PORT: String(port) };
  const well = await container.exec(image.health, env);
  assert.equal(well.code, 0, well.output);
  say(`health check: ${image.health.join(' ')}: code 0, ${well.output.trim()}`);
  const unwell = await container.exec(image.health, { ...env, PORT: String(await freePort()) });
  assert.equal(unwell.code, 1, unwell.output);
  say(`health check where nobody answers: code 1, ${unwell.output.trim()}`);
}

/** A search's id, once it has come to `wanted`. */
async function search(door: Door, generations: number, wanted: string): Promise<string> {
  const variables = { input: { ...SETTINGS, generations }, key: `replay-${generations}` };
  const { startSearch } = await ask(door, START, variables);
  const id = startSearch?.search?.id ?? assert.fail(JSON.stringify(startSearch?.errors));
  await comesTo(door, id, wanted);
  return id;
}

async function comesTo(door: Door, id: string, wanted: string): Promise<void> {
  await until(`search ${wanted}`, SEARCH_WITHIN_MS, async () => {
    const status = (await ask(door, STATE, { id })).search?.status ?? 'absent';
    assert.ok(!['absent', 'FAILED', 'PAUSED'].includes(status), `the search is ${status}`);
    return status === wanted;
  });
}

/** A key made in the container, as README says; without one nobody is let in. */
async function keyOf({ image, say }: Trial, container: Container, url: string): Promise<string> {
  assert.equal((await post({ url, key: '' }, '{ viewer { role } }', {})).status, 401);
  const make = [...image.entrypoint, 'keys', 'create', '--role', 'admin', '--name', 'trial', '--json'];
  const { code, output } = await container.exec(make);
  assert.equal(code, 0, output);
  say('without a key: refused; a key is made');
  return (JSON.parse(output) as { readonly key: string }).key;
}

async function dashboard({ say }: Trial, url: string): Promise<void> {
  const response = await fetch(url, { headers: { accept: 'text/html' } });
  assert.match(await response.text(), /<script type="module"/u);
  say('dashboard: served');
}

/** @throws AssertionError that says what did not come to pass. */
export async function tryImage(trial: Trial): Promise<void> {
  const before = listing(trial.image.root);
  let done = '';
  let goingOn = '';
  let key = '';
  await running(trial, async (url, container, port) => {
    await confinement(trial, container);
    await health(trial, container, port);
    await dashboard(trial, url);
    key = await keyOf(trial, container, url);
    done = await search({ url, key }, FEW_GENERATIONS, 'COMPLETED');
    goingOn = await search({ url, key }, MANY_GENERATIONS, 'RUNNING');
    trial.say('one search completed, another is running');
  });
  await running(trial, async (url) => {
    await comesTo({ url, key }, done, 'COMPLETED');
    await comesTo({ url, key }, goingOn, 'RUNNING');
    trial.say('on the same volume again: the first is there, the other goes on');
  });
  const known = new Set(before);
  const changed = listing(trial.image.root).filter((line) => !known.has(line));
  assert.deepEqual(changed, [], 'outside the volume something changed');
  trial.say(`outside the volume nothing changed (${before.length - 1} files and folders)`);
}
