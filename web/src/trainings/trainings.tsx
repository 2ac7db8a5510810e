// All trainings, the newest first, and the form that trains a baseline to compare with.

import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useQuery } from 'urql';
import { useKept } from '../api/useKept.ts';
import { paths } from '../ui/address.ts';
import { isAtWork } from '../ui/format.ts';
import list from '../ui/list.module.css';
import { Pages, useLookAgain } from '../ui/list.tsx';
import { problemOf } from '../ui/problem.ts';
import { Card, classes, Notice, State, styles as ui } from '../ui/ui.tsx';
import { Unread } from '../ui/unread.tsx';
import { TRAININGS } from './documents.ts';
import { TrainingTable } from './table.tsx';
import { TrainForm } from './train.tsx';
import styles from './trainings.module.css';

const PAGE = 25;

const Baseline = () => (
  <Card title="A baseline to compare with" className={styles['apart']}>
    <TrainForm
      title="Train ResNet-18"
      subject={{ baseline: 'RESNET18' }}
      begin={{ dataset: 'breastmnist' }}
    />
  </Card>
);

export default function Trainings() {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const [checked, setChecked] = useState<readonly string[]>([]);
  const [, navigate] = useLocation();
  const [{ data: answer, error, fetching, stale }, again] = useQuery({
    query: TRAININGS,
    variables: { first: PAGE, after: cursors.at(-1) ?? null },
  });
  const data = useKept(answer);
  const rows = data?.trainingRuns.edges.map(({ node }) => node) ?? [];
  const look = (): void => again({ requestPolicy: 'network-only' });
  const busy = rows.some(isAtWork) || error !== undefined;
  useLookAgain(look, { settled: !fetching && !stale, busy, answer: data });

  if (data === undefined) {
    if (error === undefined) return <State title="Loading trainings" busy />;
    return <Unread what="The trainings" error={error} again={look} />;
  }
  const { totalCount, pageInfo } = data.trainingRuns;
  if (totalCount === 0) {
    return (
      <>
        <State title="No training yet">
          <p>
            What a search picks is judged untrained. To see what it learns, open an architecture and train it,
            or have a search train the best of its front.
          </p>
          <Link href={paths.architectures} className={classes(ui['button'], ui['primary'])}>
            Choose an architecture
          </Link>
        </State>
        <Baseline />
      </>
    );
  }
  return (
    <>
      <div className={list['head']}>
        <h1>Trainings</h1>
        <button
          type="button"
          className={ui['button']}
          disabled={checked.length < 2}
          onClick={() => navigate(paths.compareTrainings(checked))}
        >
          {checked.length < 2 ? 'Check two to compare' : `Compare ${checked.length}`}
        </button>
      </div>
      {error !== undefined && <Notice tone="bad">{problemOf(error)}</Notice>}
      <div className={ui['card']}>
        <TrainingTable rows={rows} checked={checked} onCheck={setChecked} onChange={look} />
      </div>
      <Pages
        cursors={cursors}
        onTurn={setCursors}
        size={PAGE}
        shown={rows.length}
        total={totalCount}
        next={pageInfo}
      />
      <Baseline />
    </>
  );
}
