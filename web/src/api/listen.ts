// Listens to a subscription for as long as somebody wants to hear: a lost connection is made again, later and later
// while that fails, and asked anew.

import { createClient } from 'graphql-ws';
import { credentials } from './key.ts';

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** It was lost, and will be tried again after some seconds; `message`: what the service said, if it did. */
  | { readonly state: 'lost'; readonly retryIn: number; readonly message?: string }
  /** What is followed has ended and all was told. */
  | { readonly state: 'ended' }
  /** The service refuses. */
  | { readonly state: 'refused'; readonly message: string };

export interface Subscription {
  /** What is asked of each new connection. */
  asked(): { readonly query: string; readonly variables: Readonly<Record<string, unknown>> };
  told(data: Readonly<Record<string, unknown>>): void;
  connection(connection: Connection): void;
}

interface Refusal {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** What the service cannot do now and may do later; all else that it refuses it refuses again. */
const isPassing = ({ extensions }: Refusal): boolean => extensions?.['code'] === 'ENGINE_UNAVAILABLE';

/** Seconds. */
const [FIRST_RETRY, LAST_RETRY] = [0.5, 8];
/** Milliseconds between two questions whether the service is there, and that it may take to answer. */
const [SIGN_OF_LIFE, PATIENCE] = [10_000, 5000];

/** Resolves after some seconds, or as soon as the browser says it is online again. */
function rest(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener('online', done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    addEventListener('online', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

const url = (): string => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`;

/** Ends when `signal` aborts, or there is nothing more to hear. */
export async function listen(subscription: Subscription, signal: AbortSignal): Promise<void> {
  let delay = FIRST_RETRY;
  while (!signal.aborted) {
    subscription.connection({ state: 'connecting' });
    // The client's own retries would ask for the same again.
    let silence: ReturnType<typeof setTimeout> | undefined;
    const socket = createClient({
      url,
      retryAttempts: 0,
      connectionParams: credentials,
      keepAlive: SIGN_OF_LIFE,
      on: {
        ping: (received) => {
          if (!received) silence = setTimeout(() => socket.terminate(), PATIENCE);
        },
        pong: (received) => {
          if (received) clearTimeout(silence);
        },
        connected: () => {
          delay = FIRST_RETRY;
          subscription.connection({ state: 'live' });
        },
      },
    });
    const close = (): void => void socket.dispose();
    signal.addEventListener('abort', close, { once: true });
    try {
      for await (const { data, errors } of socket.iterate(subscription.asked())) {
        if (errors !== undefined && errors.length > 0) throw errors;
        if (data !== null && data !== undefined) subscription.told(data);
      }
      if (!signal.aborted) subscription.connection({ state: 'ended' });
      return;
    } catch (error) {
      if (signal.aborted) return;
      const [refusal] = Array.isArray(error) ? (error as readonly Refusal[]) : [];
      if (refusal !== undefined && !isPassing(refusal)) {
        return subscription.connection({ state: 'refused', message: refusal.message });
      }
      // To say so costs the service a line in its log.
      if (refusal !== undefined) delay = LAST_RETRY;
      subscription.connection({
        state: 'lost',
        retryIn: delay,
        ...(refusal && { message: refusal.message }),
      });
      await rest(delay, signal);
      delay = Math.min(2 * delay, LAST_RETRY);
    } finally {
      clearTimeout(silence);
      signal.removeEventListener('abort', close);
      void socket.dispose();
    }
  }
}
