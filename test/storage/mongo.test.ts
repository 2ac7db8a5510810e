import { once } from 'node:events';
import { createServer, type AddressInfo, Socket } from 'node:net';
import { MongoClient } from 'mongodb';
import mongoose from 'mongoose';
import type { MedNasError } from '../../src/search/errors.ts';
import type { Collection, Documents } from '../../src/storage/documents.ts';
import { openMongo } from '../../src/storage/mongo.ts';
import { type MongoServer, startMongoServer } from '../support/mongo/server.ts';
import { describeDocuments } from './documents.contract.ts';

let server: MongoServer;
let archives = 0;

beforeAll(async () => {
  server = await startMongoServer();
});
afterAll(() => server.close());

/** The URI of a database that no other test uses. */
function newUri(): string {
  archives += 1;
  return `${server.uri}/archive${archives}`;
}

describeDocuments('MongoDB (test server)', () => {
  const uri = newUri();
  return Promise.resolve({ open: () => openMongo(uri), dispose: () => Promise.resolve() });
});

const REAL = process.env['MONGODB_TEST_URI'];
if (REAL === undefined) {
  console.warn(
    'Skipped: the archive on a real MongoDB. Set MONGODB_TEST_URI to its URI, without a database.',
  );
} else {
  describeDocuments('MongoDB (MONGODB_TEST_URI)', async () => {
    archives += 1;
    const database = `mednas_test_${process.pid}_${archives}`;
    const uri = REAL.replace(/^(\w+(?:\+srv)?:\/\/[^/?]+)\/?/, `$1/${database}`);
    const client = await MongoClient.connect(REAL);
    return {
      open: () => openMongo(uri),
      async dispose() {
        await client.db(database).dropDatabase();
        await client.close();
      },
    };
  });
}

interface Item {
  readonly k: string | null;
  readonly n: number;
}

const ITEMS: Collection<Item> = {
  name: 'items',
  unique: [['k', 'n']],
  indexes: [['n']],
  revision: 3,
  upgrade: (body) => body as Item,
};

describe('MongoDB: what is stored', () => {
  test('the official driver reads it, and what it writes is read', async () => {
    const uri = newUri();
    const documents = await openMongo(uri);
    await documents.insert(ITEMS, 'x', { k: 'a', n: 1 });
    await documents.insert(ITEMS, 'y', { k: null, n: 2 });
    await documents.replace(ITEMS, 'x', 1, { k: 'a', n: 3 });
    await documents.insert<unknown>({ ...ITEMS, name: 'odd', unique: [], indexes: [] }, 'z', {
      'a.b': { $c: '100%' },
    });

    const client = await MongoClient.connect(uri);
    const items = client.db().collection<Record<string, unknown> & { _id: string }>('items');
    expect(await items.find({}, { sort: { _id: 1 } }).toArray()).toEqual([
      { _id: 'x', version: 2, revision: 3, body: { k: 'a', n: 3 }, apart: {} },
      { _id: 'y', version: 1, revision: 3, body: { k: null, n: 2 }, apart: { 'body:k+body:n': 'y' } },
    ]);
    expect(await client.db().collection('odd').findOne({})).toMatchObject({
      body: { 'a%2eb': { '%24c': '100%' } },
    });
    expect(await items.indexes()).toEqual([
      { v: 2, key: { _id: 1 }, name: '_id_' },
      { v: 2, key: { 'body.k': 1, 'body.n': 1, 'apart.body:k+body:n': 1 }, name: 'unique k,n', unique: true },
      { v: 2, key: { 'body.n': 1, _id: 1 }, name: 'index n' },
    ]);
    const other = { _id: 'w', version: 1, revision: 3, apart: {} };
    await expect(items.insertOne({ ...other, body: { k: 'a', n: 3 } })).rejects.toMatchObject({
      code: 11000,
    });
    await items.insertOne({ ...other, body: { k: 'b', n: 3 } });
    await client.close();

    expect(await documents.get(ITEMS, 'w')).toEqual({ id: 'w', version: 1, body: { k: 'b', n: 3 } });
    await documents.close();
  });

  test('writes wait for the journals of a majority, reads for a majority, whatever the URI says', async () => {
    const documents = await openMongo(
      `${newUri()}?w=0&journal=false&readConcernLevel=local&readPreference=secondary`,
    );
    const from = server.log.length;
    await documents.insert(ITEMS, 'x', { k: 'a', n: 1 });
    await documents.replace(ITEMS, 'x', 1, { k: 'a', n: 2 });
    await documents.find(ITEMS, {});
    await documents.count(ITEMS, []);
    await documents.remove(ITEMS, []);
    await documents.check();
    await documents.close();
    const sent = server.log.slice(from).filter((command) => !('endSessions' in command));
    expect(
      sent.map((command) => [Object.keys(command)[0], command['writeConcern'] ?? command['readConcern']]),
    ).toEqual([
      ...['createIndexes', 'insert', 'update'].map((name) => [name, { w: 'majority', j: true }]),
      ...['find', 'aggregate'].map((name) => [name, { level: 'majority' }]),
      ...['delete', 'update'].map((name) => [name, { w: 'majority', j: true }]),
    ]);
    expect(sent.filter((command) => '$readPreference' in command)).toEqual([]);
  });

  test('a URI without a database means the database mednas', async () => {
    for (const uri of [server.uri, `${server.uri}/`, `${server.uri}/?appName=x`, `${server.uri}?appName=x`]) {
      const documents = await openMongo(uri);
      expect(server.log.at(-1)).toMatchObject({ $db: 'mednas' });
      await documents.close();
    }
  });
});

describe('MongoDB: an address that does not answer', () => {
  /** The port of a listener that has just been closed. */
  async function closedPort(): Promise<number> {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    listener.close();
    await once(listener, 'close');
    return port;
  }

  const openError = (uri: string): Promise<MedNasError> =>
    openMongo(uri).then(
      () => Promise.reject(new Error('opened')),
      (error: unknown) => error as MedNasError,
    );

  test('is named, without the password and the options', async () => {
    const address = `127.0.0.1:${await closedPort()}`;
    const uri = `mongodb://ann:s3cret%21@${address}/lab?serverSelectionTimeoutMS=200&tlsCertificateKeyFilePassword=s3cret`;
    const connections = mongoose.connections.length;
    const error = await openError(uri);
    expect(mongoose.connections).toHaveLength(connections);
    expect(error).toMatchObject({ code: 'STORAGE_UNREACHABLE' });
    expect(error.message).toContain(`mongodb://ann:***@${address}/lab `);
    expect(error.message).toContain('MONGODB_URI');
    expect(error.message).not.toContain('s3cret');
  });

  test('is given up after five seconds', async () => {
    const error = await openError(`mongodb://127.0.0.1:${await closedPort()}`);
    expect(error).toMatchObject({ code: 'STORAGE_UNREACHABLE' });
  }, 8000);

  test('accepts connections, but says nothing', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const error = await openError(
      `mongodb://127.0.0.1:${port}/?serverSelectionTimeoutMS=300&connectTimeoutMS=100`,
    );
    expect(error).toMatchObject({ code: 'STORAGE_UNREACHABLE' });
    listener.close();
  });

  test.each([
    'postgres://ann:s3cret@db/lab',
    'mongodb://ann:s3cret@/lab',
    'mongodb://ann:s3cret',
    'mongodb://ann:s3cret/x@db:27017/lab',
    'mongodb://ann:s3cret?x@db:27017/lab',
    'mongodb://ann:s3cret@x@db:27017/lab',
    'mongodb://ann:s3cret@db:port/lab',
    'mongodb://ann:s3cret@db/lab?noSuchOption=s3cret',
    'ann:s3cret@db',
    '',
  ])('%p is refused as it stands', async (uri) => {
    const error = await openError(uri);
    expect(error).toMatchObject({ name: 'MedNasError', code: 'INVALID_ARGUMENT' });
    expect(error.message).toContain('MONGODB_URI');
    expect(error.message).not.toContain('s3cret');
  });
});

describe('MongoDB: what fails on the way', () => {
  let uri: string;
  let documents: Documents;

  beforeEach(async () => {
    uri = newUri();
    documents = await openMongo(`${uri}?socketTimeoutMS=300&minHeartbeatFrequencyMS=20`);
    await documents.insert(ITEMS, 'x', { k: 'a', n: 1 });
  });
  afterEach(async () => {
    server.heal();
    await server.resume();
    await documents.close();
  });

  type Call = (documents: Documents) => Promise<unknown>;
  /** Each call of the port, and the command that it comes down to. */
  const CALLS: readonly (readonly [name: string, command: string, call: Call])[] = [
    ['insert', 'insert', (d) => d.insert(ITEMS, 'y', { k: 'b', n: 1 })],
    ['insertMany', 'insert', (d) => d.insertMany(ITEMS, [{ id: 'y', body: { k: 'b', n: 1 } }])],
    ['replace', 'update', (d) => d.replace(ITEMS, 'x', 1, { k: 'a', n: 2 })],
    ['get', 'find', (d) => d.get(ITEMS, 'x')],
    ['getMany', 'find', (d) => d.getMany(ITEMS, ['x'])],
    ['find', 'find', (d) => d.find(ITEMS, {})],
    ['count', 'aggregate', (d) => d.count(ITEMS, [])],
    ['remove', 'delete', (d) => d.remove(ITEMS, [])],
    ['check', 'update', (d) => d.check()],
    ['the first use of a collection', 'createIndexes', (d) => d.get({ ...ITEMS, name: 'others' }, 'x')],
  ];

  const storageError = (code: string): object => ({
    name: 'MedNasError',
    code,
    message: expect.stringContaining(uri) as string,
  });

  async function expectAsBefore(): Promise<void> {
    server.heal();
    expect(await documents.find(ITEMS, {})).toEqual([{ id: 'x', version: 1, body: { k: 'a', n: 1 } }]);
  }

  test('a server that goes away fails every call, and is found when it is back', async () => {
    const impatient = await openMongo(`${uri}?serverSelectionTimeoutMS=200`);
    await impatient.get(ITEMS, 'x');
    await server.pause();
    for (const [, , call] of CALLS)
      await expect(call(impatient)).rejects.toMatchObject(storageError('STORAGE_UNREACHABLE'));
    await server.resume();
    await impatient.close();
    await documents.check();
    await expectAsBefore();
  }, 20_000);

  test.each(CALLS)('%s: connections lost before it takes effect', async (_, command, call) => {
    server.fail({ command, times: 2, applied: false, reply: 'cut' });
    await expect(call(documents)).rejects.toMatchObject(storageError('STORAGE_UNREACHABLE'));
    await expectAsBefore();
  });

  test.each(CALLS)('%s: no answer in time', async (_, command, call) => {
    server.fail({ command, times: 2, applied: false, reply: 'silence' });
    await expect(call(documents)).rejects.toMatchObject(storageError('STORAGE_UNREACHABLE'));
    await expectAsBefore();
  });

  // As the socket says it, which the driver passes on, or wraps where it writes in bulk.
  test.each([
    ['EPIPE', 'This socket has been ended by the other party'],
    ['ECONNRESET', 'aborted'],
    ['ETIMEDOUT', 'timed out'],
    ['ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed'],
    ['ERR_STREAM_WRITE_AFTER_END', 'write after end'],
  ])('a socket that ends with %s, without the system call', async (code, message) => {
    const port = Number(new URL(uri).port);
    const { write } = Socket.prototype;
    for (const [, command, call] of CALLS) {
      Socket.prototype.write = function refuse(this: Socket, bytes: Uint8Array, ...rest: never) {
        // The hellos that watch the server go through: it is not known to have gone.
        if (this.remotePort !== port || !Buffer.from(bytes).includes(`${command}\0`))
          return write.call(this, bytes, ...(rest as []));
        setImmediate(() => this.destroy(Object.assign(new Error(message), { code })));
        return false;
      };
      try {
        await expect(call(documents)).rejects.toMatchObject(storageError('STORAGE_UNREACHABLE'));
      } finally {
        Socket.prototype.write = write;
      }
    }
    await expectAsBefore();
  });

  test('a write whose answer is lost once succeeds, and is done once', async () => {
    server.fail({ command: 'insert', times: 1, applied: true, reply: 'cut' });
    expect(await documents.insert(ITEMS, 'y', { k: 'b', n: 1 })).toBe(true);
    server.fail({ command: 'update', times: 1, applied: true, reply: 'cut' });
    expect(await documents.replace(ITEMS, 'y', 1, { k: 'b', n: 2 })).toBe(true);
    expect(await documents.get(ITEMS, 'y')).toEqual({ id: 'y', version: 2, body: { k: 'b', n: 2 } });
  });

  test('a write whose answer is lost twice is not known to have failed', async () => {
    server.fail({ command: 'insert', times: 2, applied: true, reply: 'cut' });
    const item = { k: 'b', n: 1 };
    await expect(documents.insert(ITEMS, 'y', item)).rejects.toMatchObject(
      storageError('STORAGE_UNREACHABLE'),
    );
    expect(await documents.insert(ITEMS, 'y', item)).toBe(false);
  });

  const REFUSALS: readonly (readonly [code: number, codeName: string, storage: string])[] = [
    [14031, 'OutOfDiskSpace', 'STORAGE_FULL'],
    [13, 'Unauthorized', 'STORAGE_READ_ONLY'],
    [91, 'ShutdownInProgress', 'STORAGE_UNREACHABLE'],
    [10107, 'NotWritablePrimary', 'STORAGE_UNREACHABLE'],
    [11602, 'InterruptedDueToReplStateChange', 'STORAGE_UNREACHABLE'],
  ];

  test.each(REFUSALS)(
    'a command refused with %i %s',
    async (code, codeName, storage) => {
      for (const [, command, call] of CALLS) {
        server.fail({
          command,
          times: 2,
          applied: false,
          reply: { ok: 0, code, codeName, errmsg: codeName },
        });
        await expect(call(documents)).rejects.toMatchObject(storageError(storage));
        server.heal();
      }
      await expectAsBefore();
    },
    60_000,
  );

  test.each(REFUSALS)(
    'a write refused with %i %s',
    async (code, codeName, storage) => {
      const reply = { ok: 1, n: 0, nModified: 0, writeErrors: [{ index: 0, code, errmsg: codeName }] };
      for (const [, command, call] of CALLS.filter(([, name]) =>
        ['insert', 'update', 'delete'].includes(name),
      )) {
        server.fail({ command, times: 2, applied: false, reply });
        await expect(call(documents)).rejects.toMatchObject(storageError(storage));
        server.heal();
      }
      await expectAsBefore();
    },
    60_000,
  );

  test('among duplicates, another refusal is not overlooked', async () => {
    const writeErrors = [
      { index: 0, code: 11000, errmsg: 'E11000' },
      { index: 1, code: 14031, errmsg: 'OutOfDiskSpace' },
    ];
    server.fail({ command: 'insert', times: 1, applied: false, reply: { ok: 1, n: 0, writeErrors } });
    const rows = ['x', 'y'].map((id, n) => ({ id, body: { k: 'c', n } }));
    await expect(documents.insertMany(ITEMS, rows)).rejects.toMatchObject(storageError('STORAGE_FULL'));
  });

  test('what a majority has not acknowledged is not a success', async () => {
    const writeConcernError = {
      code: 64,
      codeName: 'WriteConcernFailed',
      errmsg: 'waiting for replication timed out',
    };
    for (const [, command, call] of CALLS.filter(([, name]) =>
      ['insert', 'update', 'delete'].includes(name),
    )) {
      server.fail({
        command,
        times: 1,
        applied: false,
        reply: { ok: 1, n: 1, nModified: 1, writeConcernError },
      });
      await expect(call(documents)).rejects.toMatchObject(storageError('STORAGE_UNREACHABLE'));
    }
    const writeErrors = [{ index: 0, code: 11000, errmsg: 'E11000' }];
    server.fail({
      command: 'insert',
      times: 1,
      applied: false,
      reply: { ok: 1, n: 0, writeErrors, writeConcernError },
    });
    const rows = ['x', 'y'].map((id, n) => ({ id, body: { k: 'c', n } }));
    await expect(documents.insertMany(ITEMS, rows)).rejects.toMatchObject(
      storageError('STORAGE_UNREACHABLE'),
    );
  });

  test('a collection whose first use failed can be used later', async () => {
    server.fail({ command: 'createIndexes', times: 2, applied: false, reply: 'cut' });
    const others = { ...ITEMS, name: 'others' };
    await expect(documents.insert(others, 'y', { k: 'b', n: 1 })).rejects.toMatchObject(
      storageError('STORAGE_UNREACHABLE'),
    );
    server.heal();
    expect(await documents.insert(others, 'y', { k: 'b', n: 1 })).toBe(true);
    expect(await documents.insert(others, 'z', { k: 'b', n: 1 })).toBe(false);
  });
});
