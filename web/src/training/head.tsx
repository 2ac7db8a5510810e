// Where a training stands: what it is, what it does, how long still, and whether we hear of it.

import { Link } from 'wouter';
import type { Connection } from '../api/listen.ts';
import { Heard, sayConnection } from '../live/connection.tsx';
import { type Best, type Course, secondsLeft } from '../live/course.ts';
import { Controls } from '../trainings/controls.tsx';
import { share } from '../trainings/estimate.ts';
import type { Controlled } from '../ui/controls.tsx';
import { paths } from '../ui/address.ts';
import { duration, figure, isOver, modelTitle, moment, trainingTitle } from '../ui/format.ts';
import { Facts, Notice, Progress, Status } from '../ui/ui.tsx';
import type { Found } from './training.tsx';
import styles from './training.module.css';

/** What stopped it, and where. */
function Failure(props: {
  readonly status: Found['status'];
  readonly message: string;
  readonly done: number;
  readonly planned: number;
}) {
  const { status, message, done, planned } = props;
  const failed = status === 'FAILED';
  const where = done === 0 ? 'before its first epoch was finished' : `after epoch ${done} of ${planned}`;
  return (
    <Notice tone={failed ? 'bad' : 'warn'}>
      <strong>
        {failed ? 'The training failed' : 'The training had to pause'} {where}.
      </strong>
      <span>{message}</span>
      {status === 'PAUSED' && <span>Once that is mended, resume it: nothing is lost.</span>}
    </Notice>
  );
}

export function Head(props: {
  readonly run: Found;
  readonly course: Course;
  readonly best: Best | null;
  readonly connection: Connection;
  readonly onDone: NonNullable<Controlled['onDone']>;
}) {
  const { run, course, best, connection, onDone } = props;
  const { model, recipe } = run;
  const status = course.status ?? run.status;
  const failure = course.status === null ? run.failure : course.failure;
  const done = course.epochs.length;
  const last = course.epochs.at(-1);
  const left = status === 'RUNNING' ? secondsLeft(course, recipe.epochs) : null;
  const name = trainingTitle(run);
  const { architecture } = model;
  const facts = [
    ['Epochs', `${done} of ${recipe.epochs}`],
    ['Best validation AUC', share(best?.validationAuc)],
    ['Best epoch', best === null ? '–' : best.epoch + 1],
    ['Learning rate', figure(last?.learningRate ?? recipe.learningRate)],
    ['An epoch takes', last === undefined ? '–' : `${figure(Number(last.seconds.toPrecision(2)))} s`],
    ['Time left', left === null ? '–' : duration(left)],
    [
      'Network',
      architecture ? (
        <Link key="network" href={paths.architecture(architecture.id)}>
          {modelTitle(model)}
        </Link>
      ) : (
        modelTitle(model)
      ),
    ],
    ['Connection', sayConnection(connection)],
  ] as const;
  return (
    <header className={styles['head']}>
      <div className={styles['title']}>
        <h1>{name}</h1>
        <Status of={status} position={status === 'QUEUED' ? (run.queuePosition ?? null) : null} />
        <span className="faint">
          {run.dataset?.title ?? run.datasetName}, started {moment(run.createdAt)}
        </span>
        <div className={styles['controls']}>
          <Controls id={run.id} status={status} name={name} onDone={onDone} />
        </div>
      </div>
      {failure && <Failure status={status} message={failure.message} done={done} planned={recipe.epochs} />}
      <Heard connection={connection} />
      {!isOver(status) && <Progress value={done / recipe.epochs} label="Progress of the training" />}
      <Facts facts={facts} />
    </header>
  );
}
