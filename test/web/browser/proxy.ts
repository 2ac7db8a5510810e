// A network between the browser and the service that can fail: connections break, none can be made for a while,
// or all stand still without a word.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Proxy {
  /** The address of the service behind it; http. */
  readonly url: string;
  /** Leads new connections to another port of this machine. */
  readonly lead: (port: number) => void;
  /** Breaks every connection; those made before `restore` break at once. */
  readonly fail: () => void;
  /** Passes nothing on from now on, and closes nothing. */
  readonly freeze: () => void;
  /** Works again; what was frozen stays so. */
  readonly restore: () => void;
  /** Resolves when somebody has tried in vain to connect. */
  readonly refused: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openProxy(target: number): Promise<Proxy> {
  const state = { target, works: true };
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: false }, (near) => {
    near.on('error', () => undefined);
    if (!state.works) {
      near.resetAndDestroy();
      server.emit('refused');
      return;
    }
    const far = connect(state.target, '127.0.0.1');
    for (const [socket, other] of [[near, far] as const, [far, near] as const]) {
      open.add(socket);
      socket.on('error', () => undefined).on('close', () => (open.delete(socket), other.destroy()));
      socket.pipe(other);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const cut = (): void => open.forEach((socket) => socket.resetAndDestroy());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lead(port) {
      state.target = port;
    },
    fail() {
      state.works = false;
      cut();
    },
    freeze: () => open.forEach((socket) => socket.unpipe().pause()),
    restore() {
      state.works = true;
    },
    refused: async () => void (await once(server, 'refused')),
    async close() {
      cut();
      await once(server.close(), 'close');
    },
  };
}
