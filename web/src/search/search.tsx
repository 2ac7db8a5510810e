// A search, live: where it stands, its front, its course, its population, and what was picked. What is shown is
// what its events tell; the selection and how one looks at it are in the address.

import { Children, type ReactNode, useEffect, useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useQuery } from 'urql';
import { SEARCH } from '../api/documents.ts';
import { useKept } from '../api/useKept.ts';
import type { SearchQuery } from '../api/generated/graphql.ts';
import { useStory } from '../live/useStory.ts';
import { TrainingsOfSearch } from '../trainings/related.tsx';
import { inTurn } from '../plot/turns.ts';
import { paths, useParameter } from '../ui/address.ts';
import { isNotFound } from '../ui/problem.ts';
import { Card, State, styles as ui } from '../ui/ui.tsx';
import { Unread } from '../ui/unread.tsx';
import { Courses } from './courses.tsx';
import { Front } from './front.tsx';
import { Head } from './head.tsx';
import { Operations } from './operations.tsx';
import { Picks } from './picks.tsx';
import { Population } from './population.tsx';
import { Profiles } from './profiles.tsx';
import { quantitiesOf } from './quantities.ts';
import { Selection } from './selection.tsx';
import styles from './search.module.css';
import { type Brushes, within } from './brushes.ts';

export type Found = NonNullable<SearchQuery['search']>;

const NO_BRUSH: Brushes = new Map();

/** The parts of the view, one more a frame: no frame has to make them all. */
function Parts({ children }: { readonly children: ReactNode }) {
  const parts = Children.toArray(children);
  const [count, setCount] = useState(1);
  const more = count < parts.length;
  useEffect(() => (more ? inTurn(() => setCount((n) => n + 1)) : undefined), [more, count]);
  return <div className={styles['grid']}>{parts.slice(0, count)}</div>;
}

function Live({ search, refresh }: { readonly search: Found; readonly refresh: () => void }) {
  const { story, connection } = useStory(search.id);
  const [selected, select] = useParameter('architecture');
  const [asked, setAsked] = useParameter('generation');
  const [brushes, setBrushes] = useState(NO_BRUSH);
  const [, navigate] = useLocation();
  const { settings } = search;
  const last = story.generations.length - 1;
  const generation = asked === '' ? last : Math.min(last, Math.max(0, Number(asked) || 0));
  const looked = story.generations[generation];
  const quantities = useMemo(() => quantitiesOf(settings, looked?.scale ?? null), [settings, looked]);
  const passes = useMemo(() => within(brushes, quantities), [brushes, quantities]);
  // What events do not carry (the knee, the failure) is asked for again when there is news of it.
  useEffect(refresh, [story.status, last, connection.state === 'live']);
  // What is about generations is drawn when one is finished, not with every score.
  const settled = useMemo(() => story, [story.generations]);
  const common = { search, quantities, generation, selected, select, passes };
  const shown = { ...common, story };
  const calm = { ...common, story: settled };
  return (
    <>
      <Head
        search={search}
        story={story}
        connection={connection}
        onDone={(action) => (action === 'delete' ? navigate(paths.searches) : refresh())}
      />
      {looked === undefined ? (
        <Card title="Pareto front">
          {story.status === 'FAILED' || story.status === 'CANCELLED' ? (
            <State title="It ended before its first generation">
              <p>There is no population to show. Start another with the same settings by Clone.</p>
            </State>
          ) : (
            <State title="The initial population is being scored" busy>
              <p>
                {story.scored.length} of {settings.population} architectures so far. The front appears with
                the first generation.
              </p>
            </State>
          )}
        </Card>
      ) : (
        <Parts>
          <Front {...shown} onGeneration={(at) => setAsked(at === last ? '' : String(at))} />
          <div className={styles['side']}>
            <Selection {...shown} />
            <Picks {...calm} />
            <Operations {...calm} />
          </div>
          <TrainingsOfSearch id={search.id} className={styles['courses']} />
          <Courses search={search} story={settled} />
          <Profiles {...calm} brushes={brushes} onBrushes={setBrushes} />
          <Population {...calm} />
        </Parts>
      )}
    </>
  );
}

/** What the parts of the view are given. */
export interface Shown {
  readonly search: Found;
  readonly story: ReturnType<typeof useStory>['story'];
  readonly quantities: ReturnType<typeof quantitiesOf>;
  /** Index of the generation looked at. */
  readonly generation: number;
  /** Id of an architecture; '': none. */
  readonly selected: string;
  readonly select: (id: string) => void;
  /** Whether brushes let it pass. */
  readonly passes: ReturnType<typeof within>;
}

export default function SearchView({ id }: { readonly id: string }) {
  const [{ data, error, fetching }, again] = useQuery({ query: SEARCH, variables: { id } });
  const refresh = useMemo(() => () => again({ requestPolicy: 'network-only' }), [again]);
  const search = useKept(data?.search);
  const isGone = error !== undefined && isNotFound(error);
  if (search !== undefined && !isGone) return <Live search={search} refresh={refresh} />;
  if (fetching) return <State title="Loading the search" busy />;
  if (error !== undefined && !isGone) {
    return <Unread what="The search" error={error} again={refresh} />;
  }
  return (
    <State title="There is no such search">
      <p>It was deleted, or the link is damaged.</p>
      <Link href={paths.searches} className={ui['button'] ?? ''}>
        All searches
      </Link>
    </State>
  );
}
