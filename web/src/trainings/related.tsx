// The trainings of an architecture, and those that a search has started.

import { useQuery } from 'urql';
import { useKept } from '../api/useKept.ts';
import type { TrainingRowFragment } from '../api/generated/graphql.ts';
import { isAtWork } from '../ui/format.ts';
import { useLookAgain } from '../ui/list.tsx';
import { problemOf } from '../ui/problem.ts';
import { Card, Notice } from '../ui/ui.tsx';
import { TRAININGS_OF_ARCHITECTURE, TRAININGS_OF_SEARCH } from './documents.ts';
import { TrainingTable } from './table.tsx';
import { TrainForm } from './train.tsx';
import styles from './trainings.module.css';

interface Related {
  readonly rows: readonly TrainingRowFragment[];
  readonly look: () => void;
}

export function TrainingsOfArchitecture(props: {
  readonly id: string;
  readonly dataset: string;
  readonly initChannels: number;
}) {
  const { id, dataset, initChannels } = props;
  const [{ data: answer, error, fetching, stale }, again] = useQuery({
    query: TRAININGS_OF_ARCHITECTURE,
    variables: { id },
  });
  const found = useKept(answer?.architecture)?.trainings;
  const { rows, look }: Related = {
    rows: found?.edges.map(({ node }) => node) ?? [],
    look: () => again({ requestPolicy: 'network-only' }),
  };
  const busy = rows.some(isAtWork) || error !== undefined;
  useLookAgain(look, { settled: !fetching && !stale, busy, answer });
  const more = (found?.totalCount ?? 0) - rows.length;
  return (
    <Card title="Trainings">
      <div className={styles['list']}>
        {error !== undefined && <Notice tone="bad">{problemOf(error)}</Notice>}
        {found?.totalCount === 0 && <p className="faint">It has not been trained yet.</p>}
        {rows.length > 0 && <TrainingTable rows={rows} onChange={look} />}
        {more > 0 && <p className="faint">And {more} older ones.</p>}
        <TrainForm
          title="Train it"
          subject={{ architecture: id }}
          begin={{ dataset, initChannels: String(initChannels) }}
        />
      </div>
    </Card>
  );
}

/** Nothing, of a search that has started none. */
export function TrainingsOfSearch({
  id,
  className,
}: {
  readonly id: string;
  readonly className: string | undefined;
}) {
  const [{ data: answer, error, fetching, stale }, again] = useQuery({
    query: TRAININGS_OF_SEARCH,
    variables: { id },
  });
  const rows = useKept(answer?.search)?.trainings ?? [];
  const look = (): void => again({ requestPolicy: 'network-only' });
  useLookAgain(look, { settled: !fetching && !stale, busy: rows.some(isAtWork), answer: answer ?? error });
  if (rows.length === 0) return null;
  return (
    <Card title="Trained of its front, the best first" className={className}>
      <TrainingTable rows={rows} onChange={look} />
    </Card>
  );
}
