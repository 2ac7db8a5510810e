// The workers for a component, as the service tells of them.

import { useEffect, useState } from 'react';
import { stringifyDocument } from 'urql';
import type { WorkersChangedSubscription } from '../api/generated/graphql.ts';
import { type Connection, listen } from '../api/listen.ts';
import { WORKERS_CHANGED } from './documents.ts';
import { newsOf, type Worker } from './fleet.ts';

export interface Told {
  readonly workers: readonly Worker[];
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Who has come or gone lately; '': nobody yet. */
  readonly news: string;
}

interface Heard {
  /** null: nothing yet. */
  readonly told: Told | null;
  readonly connection: Connection;
}

const QUERY = stringifyDocument(WORKERS_CHANGED);

export function useFleet(): Heard {
  const [heard, setHeard] = useState<Heard>({ told: null, connection: { state: 'connecting' } });
  useEffect(() => {
    const controller = new AbortController();
    const subscription = {
      asked: () => ({ query: QUERY, variables: {} }),
      told(data: unknown) {
        const { workersChanged: workers } = data as WorkersChangedSubscription;
        setHeard(({ told }) => ({
          told: {
            workers,
            at: Date.now(),
            news: told === null ? '' : (newsOf(told.workers, workers) ?? told.news),
          },
          connection: { state: 'live' },
        }));
      },
      connection(connection: Connection) {
        // One that is made is as good as none until something is told, which is at once where all is well.
        if (connection.state === 'connecting' || connection.state === 'live') return;
        setHeard(({ told }) => ({ told, connection }));
      },
    };
    void listen(subscription, controller.signal);
    return () => controller.abort();
  }, []);
  return heard;
}
