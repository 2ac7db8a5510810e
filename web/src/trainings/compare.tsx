// Trainings beside each other: what each measures on its test images, with intervals.

import { Link, useSearchParams } from 'wouter';
import { useQuery } from 'urql';
import { Interval } from '../plot/interval.tsx';
import { paths } from '../ui/address.ts';
import { isAtWork, trainingTitle } from '../ui/format.ts';
import { useLookAgain } from '../ui/list.tsx';
import list from '../ui/list.module.css';
import { problemOf } from '../ui/problem.ts';
import { Card, classes, Notice, State, Status, styles as ui } from '../ui/ui.tsx';
import { TRAININGS_NAMED } from './documents.ts';
import { type Estimate, estimateText, share } from './estimate.ts';
import styles from './trainings.module.css';

function Measure(props: {
  readonly label: string;
  readonly estimate: Estimate | undefined;
  readonly chance?: number;
}) {
  const { label, estimate, ...marked } = props;
  return (
    <td data-label={label}>
      {estimate === undefined ? '–' : estimateText(estimate)}
      {estimate !== undefined && <Interval {...estimate} {...marked} />}
    </td>
  );
}

export default function CompareTrainings() {
  const [parameters] = useSearchParams();
  const ids = [...new Set(parameters.getAll('training'))].filter((id) => id !== '');
  const [{ data, error, fetching, stale }, again] = useQuery({
    query: TRAININGS_NAMED,
    variables: { ids },
    pause: ids.length === 0,
  });
  const runs = (data?.nodes ?? []).flatMap((node) => (node?.__typename === 'TrainingRun' ? [node] : []));
  const look = (): void => again({ requestPolicy: 'network-only' });
  useLookAgain(look, {
    settled: ids.length > 0 && !fetching && !stale,
    busy: runs.some(isAtWork),
    answer: data ?? error,
  });
  if (runs.length === 0) {
    if (error === undefined && ids.length > 0 && data === undefined)
      return <State title="Loading the trainings" busy />;
    return (
      <State title={error === undefined ? 'No training to compare yet' : 'The trainings cannot be read'}>
        <p>{error === undefined ? 'Check two or more in the list of trainings.' : problemOf(error)}</p>
        <Link href={paths.trainings} className={ui['button'] ?? ''}>
          All trainings
        </Link>
      </State>
    );
  }
  const images = new Set(runs.flatMap(({ protocol }) => (protocol ? [protocol.data] : [])));
  return (
    <>
      <div className={list['head']}>
        <h1>Compare trainings</h1>
        <Link href={paths.trainings}>All trainings</Link>
      </div>
      {images.size > 1 && (
        <Notice tone="warn">Their images are not the same, so their numbers do not compare.</Notice>
      )}
      {runs.length < ids.length && (
        <Notice tone="warn">Some trainings of this address are not there any more.</Notice>
      )}
      <Card title="On the test images" className={styles['apart']}>
        <div className={ui['scroll']} role="region" aria-label="Trainings compared" tabIndex={0}>
          <table className={classes(ui['table'], list['table'], list['unchecked'])}>
            <thead>
              <tr>
                <th scope="col">Training</th>
                <th scope="col">State</th>
                <th scope="col">Best epoch</th>
                <th scope="col">Validation AUC</th>
                <th scope="col">Test AUC</th>
                <th scope="col">Test ACC</th>
              </tr>
            </thead>
            <tbody>
              {runs.map((run) => (
                <tr key={run.id}>
                  <th scope="row">
                    <Link href={paths.training(run.id)}>{trainingTitle(run)}</Link>
                  </th>
                  <td>
                    <Status of={run.status} position={run.queuePosition ?? null} />
                  </td>
                  <td data-label="Best epoch">
                    {run.weights ? `${run.weights.epoch + 1} of ${run.recipe.epochs}` : '–'}
                  </td>
                  <td data-label="Validation AUC">{share(run.weights?.validationAuc)}</td>
                  <Measure label="Test AUC" estimate={run.test?.auc} chance={0.5} />
                  <Measure label="Test ACC" estimate={run.test?.acc} />
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <p className={styles['note']}>
          With 95 % bootstrap intervals. Where intervals overlap widely, the images do not tell which is
          better.
        </p>
      </Card>
    </>
  );
}
