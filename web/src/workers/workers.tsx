// The processes that score and train, live: what they are together, each in a row, and how to start one where there is none.

import { useEffect } from 'react';
import { useQuery } from 'urql';
import { Heard, sayConnection } from '../live/connection.tsx';
import { Copied } from '../ui/copied.tsx';
import { whole } from '../ui/format.ts';
import list from '../ui/list.module.css';
import { Card, Facts, State, styles as ui } from '../ui/ui.tsx';
import { ENGINE } from './documents.ts';
import { briefNumerics, type Group, groupsOf, sumOf, totalSpeed } from './fleet.ts';
import { WorkerTable } from './table.tsx';
import { type Told, useFleet } from './useFleet.ts';
import styles from './workers.module.css';

/** The arithmetic of searches that begin now, asked for with each word of the workers; null: not known. */
function useTaken({ workers, at }: Told): string | null {
  const several = new Set(workers.map(({ numerics }) => numerics)).size > 1;
  const [{ data }, ask] = useQuery({ query: ENGINE, pause: !several });
  useEffect(() => {
    if (several) ask({ requestPolicy: 'network-only' });
  }, [several, at]);
  const numerics = data?.engine.numerics ?? null;
  return workers.some((worker) => worker.numerics === numerics) ? numerics : null;
}

const None = () => (
  <>
    <State title="No worker is up">
      <p>
        This service leaves scoring and training to workers, and none has been heard of for five seconds.
        Searches and trainings wait for one: after ten minutes they pause and say so, and nothing is lost.
      </p>
    </State>
    <Card title="Start a worker">
      <p className={styles['how']}>
        On any machine that has MedNAS and reaches the Redis of this service, with the same{' '}
        <code>MEDNAS_QUEUE</code>; as many as there are machines.
      </p>
      <Copied
        label="Command"
        action="Copy the command"
        text="MEDNAS_QUEUE=redis://redis:6379 npx mednas worker"
      />
    </Card>
  </>
);

function Several({ groups, taken }: { readonly groups: readonly Group[]; readonly taken: string | null }) {
  return (
    <p className={styles['several']}>
      There are workers of {groups.length} arithmetics, and a search or training is done by workers of one
      alone: new ones take{' '}
      {taken === null ? (
        'the one that is fastest together'
      ) : (
        <strong title={taken}>{briefNumerics(taken)}</strong>
      )}
      .
    </p>
  );
}

function Fleet({ told }: { readonly told: Told }) {
  const taken = useTaken(told);
  const groups = groupsOf(told.workers, taken);
  if (groups.length === 0) return <None />;
  return (
    <>
      {groups.length > 1 && <Several groups={groups} taken={taken} />}
      <div className={ui['card']}>
        <WorkerTable groups={groups} taken={taken} told={told.at} />
      </div>
    </>
  );
}

export default function Workers() {
  const { told, connection } = useFleet();
  if (told === null) {
    return (
      <>
        <Heard connection={connection} />
        {connection.state === 'refused' ? (
          <State title="The workers cannot be shown" />
        ) : (
          <State title="Loading workers" busy />
        )}
      </>
    );
  }
  const { workers, threads, busy, ...rest } = sumOf(told.workers);
  const facts = [
    ['Workers', whole(workers)],
    ['Threads', whole(threads)],
    ['Busy', `${whole(busy)} of ${whole(threads)}`],
    ['Speed together', totalSpeed({ workers, threads, busy, ...rest })],
    ['Connection', sayConnection(connection)],
  ] as const;
  return (
    <>
      <div className={list['head']}>
        <h1>Workers</h1>
      </div>
      <header className={styles['head']}>
        <Heard connection={connection} />
        <Facts facts={facts} />
      </header>
      <p className="unseen" aria-live="polite">
        {told.news}
      </p>
      <Fleet told={told} />
    </>
  );
}
