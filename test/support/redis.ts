// A real Redis on a port of its own, in memory alone, which can be killed, stopped and started again, empty.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';

/** Whether this machine has one: Debian's package `redis-server`. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Without a word to its clients, with all that is in it. */
  readonly kill: () => Promise<void>;
  /** Connections stay, and nothing is answered; until it goes on. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** On the same port again, after `kill`. */
  readonly start: () => Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * `password`: what clients have to give; none unless given.
 * @throws Error when there is no redis-server, or it does not start.
 */
export async function startRedis(password?: string): Promise<RedisServer> {
  if (!hasRedis) throw new Error('redis-server cannot be started; on Debian: apt-get install redis-server');
  const port = await freePort();
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const secret = password === undefined ? [] : ['--requirepass', password];
    const started = spawn('redis-server', [...settings, '--dir', tmpdir(), ...secret], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    let isReady = false;
    for await (const line of createInterface({ input: started.stdout })) {
      isReady = line.includes('Ready to accept connections');
      if (isReady) break;
    }
    if (!isReady) throw new Error('redis-server ended before it was ready');
    started.stdout.resume();
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async kill() {
      if (child === null) return;
      const over = once(child, 'exit');
      child.kill('SIGKILL');
      child = null;
      await over;
    },
  };
}
