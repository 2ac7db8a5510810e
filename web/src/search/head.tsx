// Where a search stands: what it is, what it does, how fast, how long still, and whether we hear of it.

import type { Connection } from '../api/listen.ts';
import { Heard, sayConnection } from '../live/connection.tsx';
import { rateOf, type Story } from '../live/story.ts';
import { Controls } from '../searches/controls.tsx';
import type { Controlled } from '../ui/controls.tsx';
import { duration, figure, isOver, moment, titleOf, whole } from '../ui/format.ts';
import { Facts, Notice, Progress, Status } from '../ui/ui.tsx';
import type { Found } from './search.tsx';
import styles from './search.module.css';

export function Head(props: {
  readonly search: Found;
  readonly story: Story;
  readonly connection: Connection;
  readonly onDone: NonNullable<Controlled['onDone']>;
}) {
  const { search, story, connection, onDone } = props;
  const { plannedEvaluations, generations } = search.progress;
  const { strategy, lanes, offspring, population } = search.settings;
  const status = story.status ?? search.status;
  const scored = story.scored.length;
  const rate = status === 'RUNNING' ? rateOf(story) : null;
  const last = story.generations.at(-1);
  const failure = story.status === null ? search.failure : story.failure;
  const facts = [
    ['Scored', `${whole(scored)} of ${whole(plannedEvaluations)}`],
    ['Generation', `${last?.generation ?? '–'} of ${generations}`],
    ...(strategy === 'STEADY' ? ([['Lanes', whole(lanes)]] as const) : []),
    ['Hypervolume', figure(last?.hypervolume)],
    ['Rate', rate === null ? '–' : `${figure(Number(rate.toPrecision(3)))} a second`],
    ['Time left', rate === null ? '–' : duration((plannedEvaluations - scored) / rate)],
    ['From the archive', whole(story.reused)],
    ['Infeasible', whole(last?.infeasible ?? 0)],
    ['Connection', sayConnection(connection)],
  ] as const;
  return (
    <header className={styles['head']}>
      <div className={styles['title']}>
        <h1>{titleOf(search.settings)}</h1>
        <Status of={status} />
        <span className="faint">
          {search.dataset?.title ?? search.settings.dataset}, started {moment(search.createdAt)}
        </span>
        <div className={styles['controls']}>
          <Controls id={search.id} status={status} name={titleOf(search.settings)} onDone={onDone} />
        </div>
      </div>
      {failure && (
        <Notice tone={status === 'FAILED' ? 'bad' : 'warn'}>
          <strong>{status === 'FAILED' ? 'The search failed.' : 'The search had to pause.'}</strong>
          <span>{failure.message}</span>
          {status === 'PAUSED' && <span>Once that is mended, resume it: nothing is lost.</span>}
        </Notice>
      )}
      <Heard connection={connection} />
      {!isOver(status) && <Progress value={scored / plannedEvaluations} label="Progress of the search" />}
      <Facts facts={facts} />
      {strategy === 'STEADY' && (
        <p className="faint">
          Without generations: as many architectures are under way at a time as there are lanes, and each
          competes for its place as soon as it is scored. What is called a generation here is{' '}
          {whole(offspring)} scores, after the {whole(population)} of the initial population.
        </p>
      )}
    </header>
  );
}
