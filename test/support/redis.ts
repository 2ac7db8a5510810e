// A real Redis server of a test's own, on a free port of the loopback, with nothing on disk. It can be killed
// and started again, empty.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface RedisServer {
  readonly url: string;
  /** Ends it at once, with all that is in it. */
  readonly kill: () => Promise<void>;
  /** At the same address, empty. */
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}

/** @throws Error when there is no redis-server, or it does not start. */
export async function startRedis(): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-redis-'));
  const port = await freePort();
  let child: ChildProcess;

  async function start(): Promise<void> {
    const options = [
      '--port',
      port,
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      folder,
    ];
    child = spawn('redis-server', options.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
    const failed = once(child, 'error').then(([cause]) => {
      throw new Error('redis-server cannot be started; on Debian: apt-get install redis-server', { cause });
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`redis-server ended with ${String(code)}`);
    });
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        if (line.includes('Ready to accept connections')) resolve();
      });
    });
    for (const never of [failed, ended]) never.catch(() => undefined);
    await Promise.race([ready, failed, ended]);
  }

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    start,
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
