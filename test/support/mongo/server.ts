// A MongoDB server for tests, on machines where there is no mongod: the wire protocol over TCP, with
// the commands of commands.ts over collections in memory. It can lose connections and fail commands
// on demand. It proves that our side speaks correctly to what MongoDB's documentation describes; a
// real one (MONGODB_TEST_URI) proves that MongoDB agrees.

import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { serialize } from 'bson';
import { run, type State } from './commands.ts';
import type { Failure } from './database.ts';
import { type Document, parse, type Request, split, toReply } from './wire.ts';

/** What goes wrong with the next commands of a name. */
interface Fault {
  readonly command: string;
  /** How many of them; a driver tries a lost one a second time by itself. */
  readonly times: number;
  /** Whether the command takes effect all the same. */
  readonly applied: boolean;
  /** No reply at all, a lost connection, or another reply. */
  readonly reply: 'silence' | 'cut' | Document;
}

export interface MongoServer {
  /** Without a database. */
  readonly uri: string;
  /** Every command received but hellos, in order. */
  readonly log: readonly Document[];
  fail(fault: Fault): void;
  /** Forgets what has not gone wrong yet. */
  heal(): void;
  /** Cuts all connections and refuses new ones. */
  pause(): Promise<void>;
  /** Answers again, at the same address, with what was stored. */
  resume(): Promise<void>;
  /** Throws when the server was asked for what it does not know. */
  close(): Promise<void>;
}

export async function startMongoServer(): Promise<MongoServer> {
  const log: Document[] = [];
  const faults: Fault[] = [];
  const complaints: string[] = [];
  const sockets = new Set<Socket>();
  /** Replies to numbered writes, by session and number: one tried again is answered, not done again. */
  const replies = new Map<string, Document>();

  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let pending = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      try {
        const { messages, rest } = split(Buffer.concat([pending, bytes]));
        pending = Buffer.from(rest);
        for (const message of messages) answer(socket, parse(message));
      } catch (error) {
        complaints.push(String(error));
        socket.destroy();
      }
    });
  });
  const listen = async (port: number): Promise<void> => {
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
  };
  await listen(0);
  const { port } = listener.address() as AddressInfo;
  const state: State = { address: `127.0.0.1:${port}`, collections: new Map(), cursors: new Map() };

  function execute(command: Document): Document {
    const { lsid, txnNumber } = command;
    const key =
      txnNumber === undefined ? null : Buffer.from(serialize({ lsid, txnNumber })).toString('base64');
    const before = key === null ? undefined : replies.get(key);
    if (before) return before;
    try {
      const reply = run(state, command);
      if (key !== null) replies.set(key, reply);
      return reply;
    } catch (error) {
      const { code = 8, codeName = 'UnknownError', message } = error as Error & Partial<Failure>;
      // What a test provokes on purpose: a duplicate key under a new index, a cursor that is gone.
      if (![43, 86, 11000].includes(code)) complaints.push(`${message} in ${JSON.stringify(command)}`);
      return { ok: 0, errmsg: message, code, codeName };
    }
  }

  function takeFault(name: string): Fault | undefined {
    const index = faults.findIndex(({ command }) => command === name);
    const [fault] = index < 0 ? [] : faults.splice(index, 1);
    if (fault && fault.times > 1) faults.push({ ...fault, times: fault.times - 1 });
    return fault;
  }

  function answer(socket: Socket, request: Request): void {
    const name = Object.keys(request.command)[0] ?? '';
    if (!/^(hello|ismaster)$/i.test(name)) log.push(request.command);
    const fault = takeFault(name);
    const reply = fault?.applied === false ? null : execute(request.command);
    if (fault?.reply === 'cut') socket.destroy();
    else if (fault?.reply !== 'silence' && request.wantsReply)
      socket.write(toReply(request, fault?.reply ?? reply ?? {}));
  }

  async function pause(): Promise<void> {
    if (!listener.listening) return;
    listener.close();
    for (const socket of sockets) socket.destroy();
    await once(listener, 'close');
  }

  return {
    uri: `mongodb://${state.address}`,
    log,
    fail: (fault) => faults.push(fault),
    heal: () => faults.splice(0),
    pause,
    async resume() {
      if (!listener.listening) await listen(port);
    },
    async close() {
      await pause();
      if (complaints.length > 0)
        throw new Error(`the MongoDB test server was asked for:\n${complaints.join('\n')}`);
    },
  };
}
