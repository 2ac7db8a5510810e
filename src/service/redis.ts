// Wake-ups over Redis, through the event target that GraphQL pub-subs take. A message names a search and who
// tells of it, nothing else: what happened is in the archive. While Redis is away nothing is kept for it;
// readers poll, and look once when it is back.

import { randomUUID } from 'node:crypto';
import { createRedisEventTarget } from '@graphql-yoga/redis-event-target';
import { Redis, type RedisOptions, ReplyError } from 'ioredis';
import type { RunId } from '../storage/records.ts';
import type { Bus } from './wakeUps.ts';

/** The bus has come up, or gone down for a reason that names no secret; told at each change alone. */
export type BusChange = { readonly isUp: true } | { readonly isUp: false; readonly reason: string };

interface WakeUp {
  readonly search: RunId;
  readonly from: string;
}

const CHANNEL = 'mednas:wake-ups';
/** Milliseconds within which Redis answers, or is taken to be away. */
const PATIENCE_MS = 2000;
const OPTIONS: RedisOptions = {
  connectTimeout: PATIENCE_MS,
  commandTimeout: PATIENCE_MS,
  // Even a connection that is gone holds the process for so long.
  disconnectTimeout: 200,
  keepAlive: 30_000,
  // A wake-up that waited for Redis would come too late to be one.
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  enableOfflineQueue: false,
};
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/u;

/** null: not one of ours. Whoever reaches Redis can send anything. */
function parseWakeUp(text: string): WakeUp | null {
  try {
    const { search, from } = JSON.parse(text) as { readonly [K in keyof WakeUp]?: unknown };
    const isOne = typeof search === 'string' && UUID.test(search) && typeof from === 'string';
    return isOne ? { search: search as RunId, from } : null;
  } catch {
    return null;
  }
}

/** The message alone: beside it, errors of ioredis have the command's arguments, and AUTH's is the password. */
const reasonOf = (error: unknown): string => {
  const { message, code } = error as { readonly message?: string; readonly code?: string };
  // Of several addresses that refuse, only the code is common.
  return message || code || 'no reason given';
};

interface Clients {
  readonly publisher: Redis;
  readonly subscriber: Redis;
  /** Redis has done what it was asked. */
  readonly succeeded: (what: 'published' | 'subscribed') => void;
  readonly failed: (error: unknown) => void;
}

/**
 * The target lets go of promises, whose failures nobody would catch, and subscribes once, when there may be
 * nobody to subscribe to: what it is given catches them, and subscribes at each connection.
 */
function openTarget({ publisher, subscriber, succeeded, failed }: Clients) {
  const publish = async (channel: string, message: string): Promise<void> => {
    if (publisher.status !== 'ready') return;
    try {
      await publisher.publish(channel, message);
      succeeded('published');
    } catch (error) {
      failed(error);
    }
  };
  const trySubscribing = async (channel: string): Promise<void> => {
    try {
      await subscriber.subscribe(channel);
      succeeded('subscribed');
    } catch (error) {
      failed(error);
    }
  };
  const subscribe = (channel: string): void => {
    subscriber.on('ready', () => void trySubscribing(channel));
  };
  return createRedisEventTarget<CustomEvent<WakeUp | null>>({
    publishClient: { publish } as unknown as Redis,
    subscribeClient: { on: subscriber.on.bind(subscriber), subscribe } as unknown as Redis,
    serializer: { stringify: (message) => JSON.stringify(message), parse: parseWakeUp },
  });
}

/** Returns at once, whether or not Redis is there; it connects, and connects again, by itself. */
export function openRedis(url: string, onChange: (change: BusChange) => void): Bus {
  const self = randomUUID();
  const [publisher, subscriber] = [new Redis(url, OPTIONS), new Redis(url, OPTIONS)];
  const clients = [publisher, subscriber];
  const listeners: ((search: RunId | null) => void)[] = [];
  const tell = (search: RunId | null): void => {
    for (const listener of listeners) listener(search);
  };
  let isUp: boolean | null = null;
  let isSubscribed = false;
  let isClosed = false;

  function down(reason: string): void {
    if (isUp === false || isClosed) return;
    isUp = false;
    onChange({ isUp, reason });
  }

  function up(): void {
    if (isUp || isClosed || !isSubscribed || publisher.status !== 'ready') return;
    isUp = true;
    onChange({ isUp });
    tell(null);
  }

  /** A server that answers has refused. One that does not may have gone without a word, by both connections. */
  function failed(error: unknown): void {
    down(reasonOf(error));
    if (error instanceof ReplyError || isClosed) return;
    for (const client of clients) if (client.status === 'ready') client.disconnect(true);
  }

  for (const client of clients) {
    client.on('error', (error) => down(reasonOf(error)));
    client.on('close', () => down('The connection is closed.'));
  }
  publisher.on('ready', up);
  subscriber.on('close', () => (isSubscribed = false));

  const target = openTarget({
    publisher,
    subscriber,
    failed,
    succeeded(what) {
      if (what === 'subscribed') isSubscribed = true;
      up();
    },
  });
  target.addEventListener(CHANNEL, ({ detail }) => {
    if (detail !== null && detail.from !== self) tell(detail.search);
  });

  return {
    send(search) {
      target.dispatchEvent(new CustomEvent<WakeUp>(CHANNEL, { detail: { search, from: self } }));
    },
    receive: (listener) => void listeners.push(listener),
    isUp: () => isUp === true,
    async close() {
      if (isClosed) return;
      isClosed = true;
      subscriber.disconnect();
      // What has been sent goes before it.
      if (isUp) await publisher.quit().catch(() => undefined);
      publisher.disconnect();
    },
  };
}
