// The document port on MongoDB (5.0 or later), through mongoose: a connection of its own, a model a
// collection. Documents are { _id, version, revision, body, apart }, so bodies can be read and queried
// with MongoDB's own tools. Writes wait for the journals of a majority, reads see only what a majority
// has: what has been seen once is never rolled back.

import { types } from 'node:util';
import mongoose from 'mongoose';
import { type ErrorCode, MedNasError } from '../search/errors.ts';
import {
  checkCollection,
  checkQuery,
  type Collection,
  type Documents,
  type Guard,
  type Stored,
  SupersededError,
  toJson,
  toStored,
} from './documents.ts';
import { fromBody, toApart, toBody, toFilter, toIndexes, toSort } from './mql.ts';

const { mongo, Schema } = mongoose;

interface Row {
  readonly _id: string;
  readonly version: number;
  readonly revision: number;
  readonly body: unknown;
  readonly apart: Readonly<Record<string, string>>;
}

const toSchema = (collection: string) =>
  new Schema<Row>(
    {
      _id: String,
      version: Number,
      revision: Number,
      body: Schema.Types.Mixed,
      apart: Schema.Types.Mixed,
    },
    { collection, versionKey: false },
  );

/** What a write sets, but for the version. */
function toRow<B>(collection: Collection<B>, id: string, body: B): Pick<Row, 'revision' | 'body' | 'apart'> {
  const json = JSON.parse(toJson(collection, id, body)) as unknown;
  return { revision: collection.revision, body: toBody(json), apart: toApart(collection, id, json) };
}

const fromRow = <B>(collection: Collection<B>, { _id: id, body, ...row }: Row): Stored<B> =>
  toStored(collection, { ...row, id, body: fromBody(body) });

// https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
const DUPLICATE_KEY = 11000;
const CODES: Readonly<Record<number, ErrorCode>> = {
  13: 'STORAGE_READ_ONLY', // Unauthorized
  14031: 'STORAGE_FULL', // OutOfDiskSpace
  // The network, authentication, a majority that is not there, an election or a shutdown under way.
  ...Object.fromEntries(
    [6, 7, 18, 64, 89, 91, 100, 133, 134, 189, 262, 9001, 10058, 10107, 11600, 11602, 13435, 13436].map(
      (code) => [code, 'STORAGE_UNREACHABLE' as const],
    ),
  ),
};

const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  STORAGE_READ_ONLY: 'may not be written. Give its user the role readWrite.',
  STORAGE_FULL: 'has no room left. Free some disk space on its server.',
  STORAGE_UNREACHABLE:
    'cannot be reached. See that it runs, and that MONGODB_URI and its credentials are right.',
};

const UNREACHABLE = [
  mongo.MongoNetworkError,
  mongo.MongoSystemError,
  mongo.MongoOperationTimeoutError,
  mongo.MongoServerClosedError,
  mongoose.Error.MongooseServerSelectionError,
];

/** Of the system or of a socket: what the driver passes on as it is, at times without the system call. */
const SOCKET_CODE = /^(?:E[A-Z0-9]+|ERR_(?:STREAM|SOCKET|TLS|SSL)_\w+)$/;

const isSocketError = (error: unknown): boolean =>
  types.isNativeError(error) &&
  ('syscall' in error || ('code' in error && SOCKET_CODE.test(String(error.code))));

/** The codes for which a server refused a command or some of its writes. */
function refusals(error: unknown): readonly number[] {
  if (!(error instanceof mongo.MongoServerError)) return [];
  const writes = error instanceof mongo.MongoBulkWriteError ? [error.writeErrors].flat() : [];
  return [error, ...writes].map(({ code }) => Number(code));
}

function isDuplicate(error: unknown): boolean {
  const codes = refusals(error);
  return codes.length > 0 && codes.every((code) => code === DUPLICATE_KEY);
}

function storageCode(error: unknown): ErrorCode | undefined {
  // A bulk write wraps whatever made it fail as a whole, be it only that nobody answered.
  if (error instanceof mongo.MongoBulkWriteError && types.isNativeError(error.errorResponse))
    return storageCode(error.errorResponse);
  const refused = refusals(error).flatMap((code) => CODES[code] ?? []);
  const isUnreachable = UNREACHABLE.some((type) => error instanceof type) || isSocketError(error);
  return refused[0] ?? (isUnreachable ? 'STORAGE_UNREACHABLE' : undefined);
}

/** Without the password, and without the options, which may hold others. */
const masked = (uri: string): string => uri.replace(/\/\/([^:@/]*).*@/s, '//$1:***@').replace(/\?.*/s, '');

function toError(cause: unknown, uri: string): unknown {
  const code = storageCode(cause);
  if (code === undefined || !types.isNativeError(cause)) return cause;
  const message = `The archive in ${masked(uri)} ${ADVICE[code]} (${cause.message})`;
  return new MedNasError(code, message, { cause });
}

// Neither the URI is repeated nor the driver's message, which may: there is no telling what is secret.
const notUri = (): MedNasError =>
  new MedNasError(
    'INVALID_ARGUMENT',
    'MONGODB_URI is not a connection string that MongoDB takes, or names an option that it does not know. ' +
      'Write mongodb://USER:PASSWORD@HOST:PORT/DATABASE, with what is not a letter or a digit percent-encoded.',
    { field: 'MONGODB_URI' },
  );

// The database's name and these times, in ms, are the URI's to set.
const TIMEOUTS = { serverSelectionTimeoutMS: 5000, connectTimeoutMS: 5000, socketTimeoutMS: 30_000 };
const DATABASE = 'mednas';

function toOptions(uri: string): mongoose.ConnectOptions {
  const timeouts = Object.entries(TIMEOUTS).filter(([name]) => !new RegExp(`[?&]${name}=`, 'i').test(uri));
  return {
    ...Object.fromEntries(timeouts),
    ...(/\/\/[^/]+\/[^?]/.test(uri) ? {} : { dbName: DATABASE }),
    // Each by the name that overrides the URI's.
    w: 'majority',
    journal: true,
    readConcernLevel: 'majority',
    readPreference: 'primary',
    autoCreate: false,
    autoIndex: false,
    bufferCommands: false,
  };
}

/**
 * The archive in a MongoDB database, `mednas` when the URI names none.
 * @throws MedNasError STORAGE_UNREACHABLE, STORAGE_READ_ONLY, STORAGE_FULL, INVALID_ARGUMENT
 */
export async function openMongo(uri: string): Promise<Documents> {
  const connection = mongoose.createConnection();
  const models = new WeakMap<Collection<unknown>, Promise<mongoose.Model<Row>>>();

  async function attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toError(error, uri);
    }
  }

  /** Writes, as only that shows whether one may. A collection's name never begins so. */
  const touch = () =>
    connection
      .collection<{ _id: string; checks: number }>('_check')
      .updateOne({ _id: 'check' }, { $inc: { checks: 1 } }, { upsert: true });

  try {
    await connection.openUri(uri, toOptions(uri));
    await touch();
  } catch (error) {
    await connection.destroy();
    const isUri = error instanceof mongo.MongoServerError || storageCode(error) !== undefined;
    throw isUri ? toError(error, uri) : notUri();
  }

  async function buildModel(collection: Collection<unknown>): Promise<mongoose.Model<Row>> {
    checkCollection(collection);
    const { name } = collection;
    const model =
      (connection.models[name] as mongoose.Model<Row> | undefined) ??
      connection.model<Row>(name, toSchema(name));
    const indexes = toIndexes(collection);
    if (indexes.length > 0) await model.collection.createIndexes(indexes);
    return model;
  }

  /** The collection's model, its indexes built. */
  function modelOf(collection: Collection<unknown>): Promise<mongoose.Model<Row>> {
    const model = models.get(collection) ?? buildModel(collection);
    models.set(collection, model);
    model.catch(() => models.delete(collection));
    return model;
  }

  // A step of its own: only transactions would make it one with the write, and a single server has none.
  async function requireGuard(guard: Guard | undefined): Promise<void> {
    if (guard === undefined) return;
    const { collection, id, where } = guard;
    const filter = { $and: [{ _id: id }, toFilter({ where })] };
    if ((await (await modelOf(collection)).findOne(filter).lean<Row>()) === null)
      throw new SupersededError(id);
  }

  const insertMany: Documents['insertMany'] = (collection, rows, guard) =>
    attempt(async () => {
      const documents = rows.map(({ id, body, version = 1 }) => ({
        _id: id,
        version,
        ...toRow(collection, id, body),
      }));
      const model = await modelOf(collection);
      await requireGuard(guard);
      if (documents.length === 0) return 0;
      try {
        return (await model.insertMany(documents, { ordered: false, lean: true })).length;
      } catch (error) {
        if (error instanceof mongo.MongoBulkWriteError && isDuplicate(error)) return error.insertedCount;
        throw error;
      }
    });

  const getMany: Documents['getMany'] = (collection, ids) =>
    attempt(async () => {
      const model = await modelOf(collection);
      return (await model.find({ _id: { $in: ids } }).lean<Row[]>()).map((row) => fromRow(collection, row));
    });

  const find: Documents['find'] = (collection, query) =>
    attempt(async () => {
      checkQuery(query);
      const model = await modelOf(collection);
      if (query.limit === 0) return []; // To MongoDB, 0 is no limit.
      const options = { sort: toSort(query), limit: query.limit ?? 0 };
      const rows = await model.find(toFilter(query), null, options).lean<Row[]>();
      return rows.map((row) => fromRow(collection, row));
    });

  return {
    insertMany,
    insert: async (collection, id, body, guard) =>
      (await insertMany(collection, [{ id, body }], guard)) === 1,
    replace: (collection, id, version, body, guard) =>
      attempt(async () => {
        const row = toRow(collection, id, body);
        const model = await modelOf(collection);
        await requireGuard(guard);
        try {
          const outcome = await model.updateOne(
            { _id: id, version },
            { $set: { ...row, version: version + 1 } },
          );
          return outcome.matchedCount === 1;
        } catch (error) {
          if (isDuplicate(error)) return false;
          throw error;
        }
      }),
    getMany,
    get: async (collection, id) => (await getMany(collection, [id]))[0] ?? null,
    find,
    count: (collection, where) =>
      attempt(async () => {
        checkQuery({ where });
        return (await modelOf(collection)).countDocuments(toFilter({ where }));
      }),
    remove: (collection, where) =>
      attempt(async () => {
        checkQuery({ where });
        return (await (await modelOf(collection)).deleteMany(toFilter({ where }))).deletedCount;
      }),
    snapshot: () => Promise.resolve({ find, close: () => Promise.resolve() }),
    // Its server checks its files itself.
    faults: () => Promise.resolve([]),
    check: () => attempt(async () => void (await touch())),
    close: () => attempt(() => connection.destroy()),
  };
}
