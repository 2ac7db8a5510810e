// README's example of following a search over WebSocket, run as it is printed but for the address, while
// its connection is cut and the service restarted.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { type RunningServer, startServer } from '../../src/server/server.ts';
import { openTestService, SMALL, SMALL_EVALUATIONS, type TestService } from '../support/service.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ADDRESS = '127.0.0.1:4000';
const EXAMPLE = /```js\n(import { createClient } from 'graphql-ws';\n.*?)```/s.exec(
  readFileSync(join(ROOT, 'README.md'), 'utf8'),
)?.[1];

/** Running, each evaluation, each generation, completed. */
const ALL_EVENTS = 1 + SMALL_EVALUATIONS + (SMALL.generations + 1) + 1;

interface Proxy {
  readonly port: number;
  /** Breaks every connection that is open, without a word. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

async function openProxy(target: number): Promise<Proxy> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [socket, other] of [[near, far] as const, [far, near] as const]) {
      open.add(socket);
      socket.on('error', () => undefined).on('close', () => (open.delete(socket), other.destroy()));
      socket.pipe(other);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => open.forEach((socket) => socket.resetAndDestroy()),
    close: async () => void (await once(server.close(), 'close')),
  };
}

const logger = pino({ level: 'silent' });

describe("README's example", () => {
  let running: TestService;
  let server: RunningServer;
  let proxy: Proxy;
  let folder: string;
  let child: ChildProcess | null = null;

  const portOf = (): number => Number(new URL(server.url).port);
  const listen = async (port: number): Promise<void> => {
    server = await startServer(running.service, { host: '127.0.0.1', port, logger });
  };

  beforeEach(async () => {
    running = await openTestService({ permits: 10 });
    await listen(0);
    proxy = await openProxy(portOf());
    folder = mkdtempSync(join(tmpdir(), 'mednas-'));
    // What the project's folder has and the example imports.
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  });
  afterEach(async () => {
    child?.kill();
    proxy.cut();
    await proxy.close();
    await server.close();
    await running.close();
    rmSync(folder, { recursive: true });
  });

  /** Lines of the example's output and of its complaints. */
  function run(id: string): readonly [Interface, Interface] {
    if (!EXAMPLE?.includes(ADDRESS)) throw new Error('README has no such example');
    writeFileSync(join(folder, 'follow.mjs'), EXAMPLE.replace(ADDRESS, `127.0.0.1:${proxy.port}`));
    const started = spawn(process.execPath, ['follow.mjs', id], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    return [createInterface(started.stdout), createInterface(started.stderr)];
  }

  test('shows every event once though its connection is cut and the service restarted', async () => {
    const { id } = await running.service.searches.start(SMALL);
    const [shown, complaints] = run(Buffer.from(`Search:${id}`).toString('base64url'));
    const complaint = (): Promise<unknown> => once(complaints, 'line');
    const text: string[] = [];
    shown.on('line', (line) => text.push(line));
    const sequences = (): readonly number[] =>
      [...text.join('\n').matchAll(/sequence: (\d+)/g)].map(([, number]) => Number(number));
    const seen = async (last: number): Promise<void> => {
      while (sequences().at(-1) !== last) await once(shown, 'line');
    };

    // The permits' ten, the start, and the generation that eight of them make.
    await seen(12);
    const lost = complaint();
    proxy.cut();
    await lost;
    // What happens meanwhile is told later.
    running.permits.grant(5);
    await seen(17);

    // A service that ends says goodbye, upon which the library would ask again what it asked before.
    const port = portOf();
    await server.close();
    await listen(port);
    running.permits.grant(2);
    await seen(20); // and the next generation

    // This time it is not there yet when the example asks again.
    const left = complaint();
    await server.close();
    await left;
    await complaint();
    running.permits.grant(Infinity);
    await running.service.searches.settled(id);
    const end = once(child as ChildProcess, 'close');
    await listen(port);

    expect(await end).toEqual([0, null]);
    expect(sequences()).toEqual(Array.from({ length: ALL_EVENTS }, (_, i) => i + 1));
  });

  test('says what the service refuses, and ends', async () => {
    const [, complaints] = run('nonsense');
    const lines: string[] = [];
    complaints.on('line', (line) => lines.push(line));
    const [code] = (await once(child as ChildProcess, 'close')) as [number];
    expect(code).toBe(1);
    expect(lines.join('\n')).toContain('searchId is an id this API has given');
    expect(lines.join('\n')).not.toContain('connection lost');
  });
});
