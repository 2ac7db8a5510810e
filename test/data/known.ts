// Known sets that tests make up, and a web server on this machine to download them from.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KnownSet } from '../../src/data/catalogue.ts';
import { npz, TINY } from '../support/npz.ts';

export const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

export const TINY_FILE: Buffer = npz(TINY);

/** A known set whose file is the tiny set's, unless other bytes are given. */
export function knownSet(name: string, url: string, bytes: Uint8Array = TINY_FILE): KnownSet {
  return {
    name,
    title: 'Tiny (made up)',
    licence: 'none',
    task: 'binary-class',
    classes: ['no', 'yes'],
    shape: [4, 4, 1],
    samples: { train: 6, val: 3, test: 2 },
    url,
    md5: md5(bytes),
    pixelBytes: 11 * 16,
  };
}

export interface Web {
  readonly url: string;
  /** Paths asked for so far. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** A server on 127.0.0.1, at a port of its own. */
export async function serve(answer: RequestListener): Promise<Web> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
