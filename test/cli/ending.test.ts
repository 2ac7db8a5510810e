// A service that is told to end while everything is under way: a real process, its real engine.

import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { openArchive } from '../../src/storage/archive.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { scratchFolders } from '../service/laboratory.ts';
import { type Served, serve, startServedSearch } from '../support/served.ts';
import { rawId } from '../support/service.ts';

const newFolder = scratchFolders();
const GRACE = 4;

const running: Served[] = [];
// Those that a failed test has left.
afterEach(() => running.splice(0).forEach(({ child }) => child.kill('SIGKILL')));

/** A service that searches and will for long. */
async function serveBusy(): Promise<readonly [Served, string]> {
  const service = await serve(newFolder(), { MEDNAS_GRACE: String(GRACE) });
  running.push(service);
  return [service, await startServedSearch(service, { generations: 1000 })];
}

const followUp = (id: string): object => ({
  query: 'subscription ($id: ID!) { searchEvents(searchId: $id) { sequence } }',
  variables: { id },
});

/** A WebSocket that has had an event, and the code it is going to be closed with. */
async function follow({ url }: Served, id: string): Promise<{ readonly closed: Promise<number> }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: followUp(id) }));
  await once(socket, 'message');
  return { closed: once(socket, 'close').then(([code]: readonly unknown[]) => code as number) };
}

/** A request whose body never comes, once the service has it; its connection is going to be closed. */
async function hang({ url }: Served): Promise<{ readonly cut: Promise<void> }> {
  const { host, hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined).resume();
  // Not by `once`, which fails when a connection is reset.
  const cut = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  socket.write(
    `POST /graphql HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{`,
  );
  // Sent after it, answered after it has come.
  await fetch(`${url}/livez`);
  return { cut };
}

test('it hands back its search, closes sockets so that clients return, cuts what hangs, and exits 0', async () => {
  const [service, id] = await serveBusy();
  const { closed } = await follow(service, id);
  const stream = await fetch(`${service.url}/graphql/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(followUp(id)),
  });
  const { cut } = await hang(service);

  const begin = performance.now();
  service.child.kill('SIGTERM');
  const events = await stream.text();
  const { code, stdout } = await service.outcome;
  expect(performance.now() - begin).toBeLessThan(GRACE * 1000 + 1000);
  expect(code).toBe(0);

  // "Going away": the protocol's clients connect again. A stream that is not complete, likewise.
  expect(await closed).toBe(1001);
  expect(events).toContain('event: next');
  expect(events).not.toContain('event: complete');
  await cut;

  const messages = stdout
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line).msg as string]));
  expect(messages).toEqual(expect.arrayContaining(['closing', 'closed']));
  expect(messages).not.toContain('could not close');

  const archive = openArchive(await openSqlite(service.folder));
  expect((await archive.getSearch(rawId(id))).body).toMatchObject({ status: 'running', failure: null });
  expect(await archive.findLease(rawId(id))).toMatchObject({ body: { owner: null } });
  await archive.close();
});

test('a second signal ends it at once', async () => {
  const [service, id] = await serveBusy();
  await follow(service, id);
  const { cut } = await hang(service);
  const closing = service.said('closing');
  service.child.kill('SIGTERM');
  await closing;
  service.child.kill('SIGINT');
  expect(await service.outcome).toMatchObject({ code: null, signal: 'SIGINT' });
  await cut;
});
