// The test server itself, byte by byte: what a driver sends and what none of ours happens to send.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { deserialize, serialize } from 'bson';
import { type MongoServer, startMongoServer } from './server.ts';
import { compareValues } from './database.ts';
import { type Document, split } from './wire.ts';

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};

function frame(opCode: number, parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([int32(16 + body.length), int32(7), int32(0), int32(opCode), body]);
}

const body = (document: Document): Buffer => Buffer.concat([Buffer.from([0]), serialize(document)]);

function sequence(field: string, documents: readonly Document[]): Buffer {
  const content = Buffer.concat([
    Buffer.from(`${field}\0`),
    ...documents.map((document) => serialize(document)),
  ]);
  return Buffer.concat([Buffer.from([1]), int32(4 + content.length), content]);
}

const message = (flags: number, ...sections: readonly Buffer[]): Buffer =>
  frame(2013, [int32(flags), ...sections]);
const command = (document: Document): Buffer => message(0, body({ ...document, $db: 'db' }));

describe('the MongoDB test server', () => {
  let server: MongoServer;
  let socket: Socket;

  beforeEach(async () => {
    server = await startMongoServer();
    socket = connect(Number(new URL(server.uri).port), '127.0.0.1');
    await once(socket, 'connect');
  });
  afterEach(async () => {
    socket.destroy();
    await server.close().catch(() => {});
  });

  /** Replies to what is written, in order. */
  async function replies(count: number): Promise<readonly Document[]> {
    let bytes = Buffer.alloc(0);
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      bytes = Buffer.concat([bytes, chunk as Buffer]);
      const { messages } = split(bytes);
      if (messages.length < count) continue;
      return messages.map((reply) => {
        expect(reply.readInt32LE(8)).toBe(7);
        return deserialize(reply.subarray(reply.readInt32LE(12) === 2013 ? 21 : 36));
      });
    }
    throw new Error('the connection was closed');
  }

  async function ask(...messages: readonly Buffer[]): Promise<readonly Document[]> {
    const answer = replies(messages.length);
    socket.write(Buffer.concat(messages));
    return answer;
  }

  const documents = [{ _id: 'a' }, { _id: 'b' }];

  test('document sequences are fields of the command, before or after its body', async () => {
    const insert = body({ insert: 'c', $db: 'db' });
    expect(await ask(message(0, insert, sequence('documents', documents)))).toEqual([{ n: 2, ok: 1 }]);
    expect(await ask(message(0, sequence('documents', [{ _id: 'd' }]), insert))).toEqual([{ n: 1, ok: 1 }]);
    expect(await ask(command({ find: 'c' }))).toMatchObject([
      { cursor: { id: 0, ns: 'db.c', firstBatch: [...documents, { _id: 'd' }] } },
    ]);
  });

  test('a checksum is left aside', async () => {
    const sections = [body({ insert: 'c', $db: 'db' }), sequence('documents', documents)];
    expect(await ask(message(1, ...sections, int32(0x12345678)))).toEqual([{ n: 2, ok: 1 }]);
  });

  test('a message that wants no reply gets none', async () => {
    const insert = message(2, body({ insert: 'c', documents, $db: 'db' }));
    const find = replies(1);
    socket.write(Buffer.concat([insert, command({ find: 'c' })]));
    expect(await find).toMatchObject([{ cursor: { firstBatch: documents } }]);
  });

  test('a message may come in pieces, and several in one', async () => {
    const bytes = Buffer.concat([command({ ping: 1 }), command({ ping: 1 })]);
    const answer = replies(2);
    for (const byte of bytes) socket.write(Buffer.from([byte]));
    expect(await answer).toEqual([{ ok: 1 }, { ok: 1 }]);
  });

  test('OP_QUERY is answered with OP_REPLY', async () => {
    const query = [
      int32(0),
      Buffer.from('admin.$cmd\0'),
      int32(0),
      int32(-1),
      serialize({ ismaster: 1, helloOk: true }),
    ];
    expect(await ask(frame(2004, query))).toMatchObject([{ ismaster: true, helloOk: true, ok: 1 }]);
  });

  test('a cursor is fetched batch by batch', async () => {
    await ask(command({ insert: 'c', documents }));
    const [first] = await ask(command({ find: 'c', batchSize: 1 }));
    const { id } = (first ?? {})['cursor'] as { id: unknown };
    expect(id).not.toBe(0);
    expect(await ask(command({ getMore: id, collection: 'c', batchSize: 1 }))).toMatchObject([
      { cursor: { id: 0, nextBatch: [{ _id: 'b' }] } },
    ]);
    expect(await ask(command({ getMore: id, collection: 'c' }))).toMatchObject([{ ok: 0, code: 43 }]);
  });

  test('a duplicate ends an ordered insert, and not an unordered one', async () => {
    const rows = [{ _id: 'a' }, { _id: 'a' }, { _id: 'b' }];
    expect(await ask(command({ insert: 'c', documents: rows }))).toMatchObject([
      { n: 1, writeErrors: [{ index: 1, code: 11000 }] },
    ]);
    expect(await ask(command({ insert: 'c', documents: rows, ordered: false }))).toMatchObject([
      { n: 1, writeErrors: [{ index: 0 }, { index: 1 }] },
    ]);
  });

  test('a numbered write that comes again is answered, not done again', async () => {
    const insert = command({ insert: 'c', documents, lsid: { id: 'session' }, txnNumber: 1 });
    expect(await ask(insert, insert)).toEqual([
      { n: 2, ok: 1 },
      { n: 2, ok: 1 },
    ]);
  });

  test.each<[string, Document, number]>([
    ['command', { mapReduce: 'c' }, 59],
    ['name that every object has', { constructor: 1 }, 59],
    ['field', { find: 'c', collation: { locale: 'en' } }, 40415],
    ['filter operator', { find: 'c', filter: { a: { $regex: 'x' } } }, 8],
    ['update operator', { update: 'c', updates: [{ q: { _id: 'a' }, u: { $push: { a: 1 } } }] }, 9],
    ['pipeline', { aggregate: 'c', pipeline: [{ $match: {} }, { $sort: { a: 1 } }], cursor: {} }, 9],
  ])('an unknown %s is refused, and fails the test that asked', async (_, unknown, code) => {
    await ask(command({ insert: 'c', documents: [{ _id: 'a' }] }));
    expect(await ask(command(unknown))).toMatchObject([{ ok: 0, code }]);
    await expect(server.close()).rejects.toThrow(Object.keys(unknown)[0]);
  });

  test.each([
    ['an unknown flag', message(4, body({ ping: 1, $db: 'db' }))],
    ['an unknown kind of section', message(0, Buffer.from([9]))],
    ['an unknown opcode', frame(2012, [Buffer.alloc(4)])],
    ['an impossible length', int32(-1)],
  ])('%s closes the connection, and fails the test', async (_, bytes) => {
    socket.resume();
    socket.write(bytes);
    await once(socket, 'close');
    await expect(server.close()).rejects.toThrow('asked for');
  });

  test('values are ordered as MongoDB orders them', () => {
    const values = [null, -1, 0, 2.5, '', '10', '9', 'A', 'a', '\uffff', '😀', false, true];
    for (const [i, a] of values.entries())
      for (const [j, b] of values.entries()) expect(Math.sign(compareValues(a, b))).toBe(Math.sign(i - j));
    expect(compareValues(null, undefined)).toBe(0);
  });
});
