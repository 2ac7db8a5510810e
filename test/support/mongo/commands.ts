// The commands that the archive's use of mongoose and of the driver comes down to, and no other: a
// table of what each does and of the fields it understands. A field or an operator outside of it is
// an error, so that nothing a real server would act on is silently ignored.

import { Long } from 'bson';
import {
  addIndex,
  type Collection,
  drop,
  type Failure,
  type IndexSpecification,
  matching,
  newCollection,
  put,
  sorted,
} from './database.ts';
import type { Document } from './wire.ts';

/** What all connections share. */
export interface State {
  /** `host:port` that clients reach the server at. */
  readonly address: string;
  /** By `database.collection`. */
  readonly collections: Map<string, Collection>;
  /** What is left to be fetched, by cursor. */
  readonly cursors: Map<number, { readonly namespace: string; readonly documents: readonly Document[] }>;
}

interface Command {
  readonly fields: readonly string[];
  run(state: State, command: Document): Document;
}

const DEFAULT_BATCH = 101;
const COMMON_FIELDS = ['$db', '$clusterTime', '$readPreference', 'lsid', 'comment'];
const WRITE_FIELDS = ['ordered', 'writeConcern', 'txnNumber'];

const fail = (code: number, codeName: string, errmsg: string): Error & Failure =>
  Object.assign(new Error(errmsg), { code, codeName, errmsg });

const unsupported = (what: unknown): Error =>
  fail(9, 'FailedToParse', `this server does not know ${JSON.stringify(what)}`);

const namespaceOf = (command: Document, name: string): string =>
  `${String(command['$db'])}.${String(command[name])}`;

function collectionOf({ collections }: State, namespace: string): Collection {
  const collection = collections.get(namespace) ?? newCollection();
  collections.set(namespace, collection);
  return collection;
}

const list = (value: unknown): readonly Document[] => value as readonly Document[];

/** The reply to a write of several statements; unless `ordered` is false, the first failure ends it. */
function eachWrite(
  { ordered }: Document,
  statements: readonly Document[],
  write: (statement: Document, index: number) => Failure | null,
): Document {
  const writeErrors: Document[] = [];
  for (const [index, statement] of statements.entries()) {
    const failure = write(statement, index);
    if (failure) writeErrors.push({ index, ...failure });
    if (failure && ordered !== false) break;
  }
  return writeErrors.length > 0 ? { writeErrors } : {};
}

/** `$set` and `$inc` of whole fields. */
function updated(document: Document, update: Document): Document {
  const result = { ...document };
  for (const [operator, fields] of Object.entries(update)) {
    for (const [field, value] of Object.entries(fields as Document)) {
      if (field.includes('.')) throw unsupported(update);
      if (operator === '$set') result[field] = value;
      else if (operator === '$inc') result[field] = Number(result[field] ?? 0) + Number(value);
      else throw unsupported(update);
    }
  }
  return result;
}

function update(collection: Collection, statement: Document, index: number, reply: Document): Failure | null {
  const { q, u, upsert = false, multi = false, ...others } = statement;
  if (multi !== false || Object.keys(others).length > 0) throw unsupported(statement);
  const [found] = matching(collection, q as Document);
  if (!found && !upsert) return null;
  const document = updated(found ?? { _id: (q as Document)['_id'] }, u as Document);
  const failure = put(collection, document, found);
  if (failure) return failure;
  reply['n'] = Number(reply['n']) + 1;
  if (found) reply['nModified'] = Number(reply['nModified']) + 1;
  else reply['upserted'] = [...list(reply['upserted'] ?? []), { index, _id: document['_id'] }];
  return null;
}

function firstBatch(
  state: State,
  namespace: string,
  documents: readonly Document[],
  command: Document,
): Document {
  const size = Number(command['batchSize'] ?? DEFAULT_BATCH);
  const rest = command['singleBatch'] === true ? [] : documents.slice(size);
  const id = rest.length === 0 ? 0 : Math.max(0, ...state.cursors.keys()) + 1;
  if (id > 0) state.cursors.set(id, { namespace, documents: rest });
  return { cursor: { id: Long.fromNumber(id), ns: namespace, firstBatch: documents.slice(0, size) } };
}

const hello: Command = {
  fields: ['helloOk', 'client', 'compression', 'backpressure', 'loadBalanced', 'saslSupportedMechs'],
  // A replica set of one, so that the driver numbers its writes and tries a lost one again.
  run: ({ address }) => ({
    helloOk: true,
    ismaster: true,
    isWritablePrimary: true,
    setName: 'rs',
    setVersion: 1,
    hosts: [address],
    primary: address,
    me: address,
    maxBsonObjectSize: 16 * 1024 * 1024,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    minWireVersion: 0,
    maxWireVersion: 21, // MongoDB 7.0
    readOnly: false,
  }),
};

const COMMANDS: Readonly<Record<string, Command>> = {
  hello,
  ismaster: hello,
  isMaster: hello,
  ping: { fields: [], run: () => ({}) },
  endSessions: { fields: ['writeConcern'], run: () => ({}) },

  createIndexes: {
    fields: ['indexes', 'writeConcern'],
    run(state, command) {
      const collection = collectionOf(state, namespaceOf(command, 'createIndexes'));
      const before = collection.indexes.length;
      for (const specification of list(command['indexes'])) {
        const { name, key, unique, ...others } = specification;
        if (Object.keys(others).length > 0) throw unsupported(specification);
        const failure = addIndex(collection, { name, key, unique } as IndexSpecification);
        if (failure) throw fail(failure.code, failure.codeName, failure.errmsg);
      }
      return { numIndexesBefore: before, numIndexesAfter: collection.indexes.length };
    },
  },

  listIndexes: {
    fields: ['cursor'],
    run(state, command) {
      const namespace = namespaceOf(command, 'listIndexes');
      const specifications = collectionOf(state, namespace).indexes.map(({ name, key, unique }) => ({
        v: 2,
        key,
        name,
        ...(unique && name !== '_id_' && { unique }),
      }));
      return firstBatch(state, namespace, specifications, {});
    },
  },

  insert: {
    fields: ['documents', ...WRITE_FIELDS],
    run(state, command) {
      const collection = collectionOf(state, namespaceOf(command, 'insert'));
      const documents = list(command['documents']);
      const before = collection.documents.size;
      const outcome = eachWrite(command, documents, (document) => put(collection, document));
      return { n: collection.documents.size - before, ...outcome };
    },
  },

  update: {
    fields: ['updates', ...WRITE_FIELDS],
    run(state, command) {
      const collection = collectionOf(state, namespaceOf(command, 'update'));
      const reply: Document = { n: 0, nModified: 0 };
      const outcome = eachWrite(command, list(command['updates']), (statement, index) =>
        update(collection, statement, index, reply),
      );
      return { ...reply, ...outcome };
    },
  },

  delete: {
    fields: ['deletes', ...WRITE_FIELDS],
    run(state, command) {
      const collection = collectionOf(state, namespaceOf(command, 'delete'));
      const before = collection.documents.size;
      for (const { q, limit, ...others } of list(command['deletes'])) {
        if (Object.keys(others).length > 0) throw unsupported(others);
        const found = matching(collection, q as Document);
        for (const document of limit === 1 ? found.slice(0, 1) : found) drop(collection, document);
      }
      return { n: before - collection.documents.size };
    },
  },

  find: {
    fields: ['filter', 'sort', 'limit', 'batchSize', 'singleBatch', 'readConcern'],
    run(state, command) {
      const namespace = namespaceOf(command, 'find');
      const found = matching(collectionOf(state, namespace), (command['filter'] ?? {}) as Document);
      const inOrder = sorted(found, (command['sort'] ?? {}) as Document);
      const limit = Number(command['limit'] ?? 0);
      return firstBatch(state, namespace, limit > 0 ? inOrder.slice(0, limit) : inOrder, command);
    },
  },

  getMore: {
    fields: ['collection', 'batchSize'],
    run(state, command) {
      const id = Number(command['getMore']);
      const cursor = state.cursors.get(id);
      if (!cursor) throw fail(43, 'CursorNotFound', `cursor id ${id} not found`);
      const size = Number(command['batchSize'] ?? DEFAULT_BATCH);
      const rest = cursor.documents.slice(size);
      if (rest.length > 0) state.cursors.set(id, { ...cursor, documents: rest });
      else state.cursors.delete(id);
      const next = Long.fromNumber(rest.length > 0 ? id : 0);
      return { cursor: { id: next, ns: cursor.namespace, nextBatch: cursor.documents.slice(0, size) } };
    },
  },

  killCursors: {
    fields: ['cursors'],
    run({ cursors }, command) {
      const cursorsKilled = (command['cursors'] as readonly unknown[]).filter((id) =>
        cursors.delete(Number(id)),
      );
      return { cursorsKilled, cursorsNotFound: [], cursorsAlive: [], cursorsUnknown: [] };
    },
  },

  /** Only what the driver makes of countDocuments. */
  aggregate: {
    fields: ['pipeline', 'cursor', 'readConcern'],
    run(state, command) {
      const namespace = namespaceOf(command, 'aggregate');
      const [match, ...stages] = list(command['pipeline']);
      const isCount = JSON.stringify(stages) === '[{"$group":{"_id":1,"n":{"$sum":1}}}]';
      if (!isCount || !match?.['$match']) throw unsupported(command['pipeline']);
      const n = matching(collectionOf(state, namespace), match['$match'] as Document).length;
      return firstBatch(state, namespace, n > 0 ? [{ _id: 1, n }] : [], {});
    },
  },

  dropDatabase: {
    fields: ['writeConcern'],
    run({ collections }, command) {
      for (const namespace of collections.keys())
        if (namespace.startsWith(`${String(command['$db'])}.`)) collections.delete(namespace);
      return {};
    },
  },
};

/** A command's reply. Throws a Failure. */
export function run(state: State, command: Document): Document {
  const name = Object.keys(command)[0] ?? '';
  const known = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!known) throw fail(59, 'CommandNotFound', `no such command: '${name}'`);
  const fields = [name, ...COMMON_FIELDS, ...known.fields];
  const unknown = Object.keys(command).filter((field) => !fields.includes(field));
  if (unknown.length > 0)
    throw fail(40415, 'Location40415', `BSON field '${name}.${unknown.join()}' is an unknown field.`);
  return { ...known.run(state, command), ok: 1 };
}
