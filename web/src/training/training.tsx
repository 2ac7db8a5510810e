// A training, live: where it stands, its curves, and what came of it. Curves are what its events tell; what they do
// not carry is asked for when they say that there is news.

import { useEffect, useMemo } from 'react';
import { Link, useLocation } from 'wouter';
import { useQuery } from 'urql';
import { useKept } from '../api/useKept.ts';
import type { TrainingQuery } from '../api/generated/graphql.ts';
import { useCourse } from '../live/useStory.ts';
import { TRAINING } from '../trainings/documents.ts';
import { paths } from '../ui/address.ts';
import { isOver } from '../ui/format.ts';
import { isNotFound } from '../ui/problem.ts';
import { State, styles as ui } from '../ui/ui.tsx';
import { Unread } from '../ui/unread.tsx';
import { Curves } from './curves.tsx';
import { Head } from './head.tsx';
import { classNames } from './measures.ts';
import { Recipe } from './recipe.tsx';
import { Confusion, Metrics, RocCard, Sensitivities } from './results.tsx';
import styles from './training.module.css';
import { Weights } from './weights.tsx';

export type Found = NonNullable<TrainingQuery['trainingRun']>;

/** Classes of a confusion matrix that has room beside the curves. */
const SMALL = 4;

function Results({ run }: { readonly run: Found }) {
  const { test, validation } = run;
  if (!test || !validation) return null;
  const { confusion } = test;
  const measured = test.classes.map(({ name }) => name);
  const matrix = confusion && (
    <Confusion counts={confusion} names={classNames(confusion.length, run.dataset?.classes, measured)} />
  );
  const isSmall = confusion && confusion.length <= SMALL;
  return (
    <>
      <div className={styles['side']}>
        <Metrics test={test} validation={validation} />
        {isSmall && matrix}
      </div>
      <RocCard test={test} />
      <Sensitivities test={test} />
      {matrix && !isSmall && <div className={styles['wide']}>{matrix}</div>}
    </>
  );
}

function Live({ run, refresh }: { readonly run: Found; readonly refresh: () => void }) {
  const { story: course, connection } = useCourse(run.id);
  const [, navigate] = useLocation();
  const status = course.status ?? run.status;
  // Known at once; events tell it only when they have come.
  const best = course.best ?? run.weights ?? null;
  useEffect(refresh, [course.status, course.best?.epoch, connection.state === 'live']);
  return (
    <>
      <Head
        run={run}
        course={course}
        best={best}
        connection={connection}
        onDone={(action) => (action === 'delete' ? navigate(paths.trainings) : refresh())}
      />
      <div className={styles['grid']}>
        <Results run={run} />
        <Curves epochs={course.epochs} best={best} over={isOver(status)} />
        {run.weights && <Weights weights={run.weights} />}
        <Recipe run={run} />
      </div>
    </>
  );
}

export default function TrainingView({ id }: { readonly id: string }) {
  const [{ data, error, fetching }, again] = useQuery({ query: TRAINING, variables: { id } });
  const refresh = useMemo(() => () => again({ requestPolicy: 'network-only' }), [again]);
  const run = useKept(data?.trainingRun);
  const isGone = error !== undefined && isNotFound(error);
  if (run !== undefined && !isGone) return <Live run={run} refresh={refresh} />;
  if (fetching) return <State title="Loading the training" busy />;
  if (error !== undefined && !isGone) {
    return <Unread what="The training" error={error} again={refresh} />;
  }
  return (
    <State title="There is no such training">
      <p>It was deleted, or the link is damaged.</p>
      <Link href={paths.trainings} className={ui['button'] ?? ''}>
        All trainings
      </Link>
    </State>
  );
}
