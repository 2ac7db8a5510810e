// One architecture: what it is, how it was scored, its network, and where a search has it from.

import { lazy, Suspense } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { paths, useParameter } from '../ui/address.ts';
import { brief, count, moment, whole } from '../ui/format.ts';
import { isNotFound } from '../ui/problem.ts';
import { Card, classes, Facts, Notice, State, styles as ui } from '../ui/ui.tsx';
import { Unread } from '../ui/unread.tsx';
import { TrainingsOfArchitecture } from '../trainings/related.tsx';
import styles from './architecture.module.css';
import { Chooser, ContextLine, useContextOf } from './context.tsx';
import { ARCHITECTURE } from './documents.ts';
import { GenotypeCard } from './genotype.tsx';
import { type Architecture, shapeLabel } from './labels.ts';
import { Lineage } from './lineage.tsx';
import { Scores } from './scores.tsx';

/** It brings the layout along. */
const Diagram = lazy(() => import('./diagram.tsx'));

function About({ architecture }: { readonly architecture: Architecture }) {
  const { macs, params, blocks, protocol, space, scoredAt } = architecture;
  return (
    <Card title="What it is">
      <Facts
        facts={[
          [
            'MACs',
            <span key="macs" title={whole(macs)}>
              {count(macs)}
            </span>,
          ],
          [
            'Parameters',
            <span key="params" title={whole(params)}>
              {count(params)}
            </span>,
          ],
          ['Blocks', blocks.length],
          ['Stem channels', protocol.initChannels],
          ['Dataset', protocol.dataset.split('/').at(-1)],
          ['Image', shapeLabel(protocol.input)],
          ['Classes', `${protocol.classes}${protocol.multiLabel ? ', several at once' : ''}`],
          ['Batch', `${protocol.batchSize} images`],
          ['Seed', protocol.seed],
          ['Search space', space.name],
          ['Arithmetic', protocol.numerics],
          ['Scored', moment(scoredAt)],
        ]}
      />
    </Card>
  );
}

function Found({ architecture }: { readonly architecture: Architecture }) {
  const [search, setSearch] = useParameter('search');
  const context = useContextOf(architecture, search);
  const { feasible, infeasibleReason } = architecture;
  return (
    <div className={styles['view']}>
      <div className={styles['top']}>
        <h1>
          Architecture <code>{brief(architecture.id)}</code>
        </h1>
        <span className={ui['badge']} style={{ color: `var(--${feasible ? 'good' : 'bad'})` }}>
          {feasible ? 'feasible' : 'infeasible'}
        </span>
        <span className={styles['chooser']}>
          <Chooser architecture={architecture} value={search} onChange={setSearch} />
        </span>
      </div>
      <ContextLine context={context} />
      {!feasible && (
        <Notice tone="bad">It could not be scored: {infeasibleReason ?? 'no reason is known.'}</Notice>
      )}
      <About architecture={architecture} />
      <Scores architecture={architecture} search={context.state === 'found' ? context.search.id : null} />
      <TrainingsOfArchitecture
        id={architecture.id}
        dataset={architecture.protocol.dataset}
        initChannels={architecture.protocol.initChannels}
      />
      <Card title="Network">
        <Suspense fallback={<State title="Drawing the network" busy />}>
          <Diagram architecture={architecture} />
        </Suspense>
      </Card>
      {context.state === 'found' && (
        <Lineage architecture={architecture} individual={context.individual} search={context.search.id} />
      )}
      <GenotypeCard architecture={architecture} />
    </div>
  );
}

export default function ArchitectureView({ id }: { readonly id: string }) {
  const [{ data, error, fetching }, again] = useQuery({ query: ARCHITECTURE, variables: { id } });
  const architecture = data?.architecture;
  if (architecture) return <Found architecture={architecture} />;
  if (error === undefined && (fetching || data === undefined))
    return <State title="Loading the architecture" busy />;
  if (error !== undefined && !isNotFound(error)) {
    return (
      <Unread what="The architecture" error={error} again={() => again({ requestPolicy: 'network-only' })} />
    );
  }
  return (
    <State title="There is no such architecture">
      <p>Nothing has been scored under this id in this archive. Perhaps the link comes from another one.</p>
      <Link className={classes(ui['button'])} href={paths.architectures}>
        All architectures
      </Link>
    </State>
  );
}
