// What every view stands in: the bar on top, whether the service can be reached, and the view of the address.

import { Component, lazy, type ReactNode, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import styles from './app.module.css';
import { Entry, Visitor } from './entry.tsx';
import { Searches } from './searches/searches.tsx';
import { paths } from './ui/address.ts';
import { State, styles as ui } from './ui/ui.tsx';
import { useOnline } from './ui/useOnline.ts';

/** Views that are loaded when they are first asked for, or before, when the browser has nothing to do. */
const VIEWS = {
  start: () => import('./searches/start.tsx'),
  search: () => import('./search/search.tsx'),
  architectures: () => import('./architecture/architectures.tsx'),
  architecture: () => import('./architecture/architecture.tsx'),
  compare: () => import('./compare/compare.tsx'),
  trainings: () => import('./trainings/trainings.tsx'),
  training: () => import('./training/training.tsx'),
  compareTrainings: () => import('./trainings/compare.tsx'),
  workers: () => import('./workers/workers.tsx'),
};

/** Each time anew: a view that could not be loaded stays so. */
const openViews = () => ({
  Start: lazy(VIEWS.start),
  SearchView: lazy(VIEWS.search),
  Architectures: lazy(VIEWS.architectures),
  ArchitectureView: lazy(VIEWS.architecture),
  Compare: lazy(VIEWS.compare),
  Trainings: lazy(VIEWS.trainings),
  TrainingView: lazy(VIEWS.training),
  CompareTrainings: lazy(VIEWS.compareTrainings),
  Workers: lazy(VIEWS.workers),
});

const loadAll = (): void => Object.values(VIEWS).forEach((view) => void view().catch(() => undefined));

/** Loads them all when the browser has nothing to do: then a view is at hand even while the service is not. */
function loadAhead(): () => void {
  // Safari has no such callback.
  if (!('requestIdleCallback' in globalThis)) {
    loadAll();
    return () => undefined;
  }
  const id = requestIdleCallback(loadAll);
  return () => cancelIdleCallback(id);
}

/** Browsers word it in their own ways when a part of the page cannot be loaded. */
const reasonOf = (message: string): string =>
  /import|preload|module/i.test(message)
    ? 'The service does not answer, so a part of the page is missing. Is it running, and is this computer connected to it?'
    : message;

interface GuardProps {
  readonly children: ReactNode;
  readonly onAgain: () => void;
  readonly onFailure: () => void;
}

/** A view that fails takes nothing else down, and can be tried again. */
class Guard extends Component<GuardProps, { readonly message: string | null }> {
  override state = { message: null };
  static getDerivedStateFromError(error: unknown) {
    return { message: error instanceof Error ? error.message : String(error) };
  }
  override componentDidCatch() {
    this.props.onFailure();
  }
  override render() {
    if (this.state.message === null) return this.props.children;
    return (
      <State title="This view could not be drawn">
        <p>{reasonOf(this.state.message)}</p>
        <button type="button" className={ui['button']} onClick={this.props.onAgain}>
          Try again
        </button>
      </State>
    );
  }
}

/** A part of an address; what cannot be decoded as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function NotFound() {
  return (
    <State title="There is nothing at this address">
      <p>Perhaps a search was deleted, or the link is damaged.</p>
      <Link className={ui['button'] ?? ''} href={paths.searches}>
        All searches
      </Link>
    </State>
  );
}

const NAVIGATION = [
  ['Searches', paths.searches],
  ['Architectures', paths.architectures],
  ['Trainings', paths.trainings],
  ['Workers', paths.workers],
] as const;

function Bar() {
  const [at] = useLocation();
  return (
    <header className={styles['bar']}>
      <Link href={paths.searches} className={styles['brand'] ?? ''}>
        <img src="/icon.svg" width="24" height="24" alt="" />
        MedNAS
      </Link>
      <nav aria-label="Views">
        {NAVIGATION.map(([label, href]) => (
          <Link key={href} href={href} aria-current={at === href ? 'page' : undefined}>
            {label}
          </Link>
        ))}
      </nav>
      <Visitor />
      <Link href={paths.start()} className={`${ui['button']} ${ui['primary']} ${styles['start']}`}>
        Start a search
      </Link>
    </header>
  );
}

export function App() {
  const online = useOnline();
  const [at] = useLocation();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const [tries, setTries] = useState(0);
  const views = useMemo(() => openViews(), [tries]);
  const { Start, SearchView, Architectures, ArchitectureView, Compare } = views;
  const { Trainings, TrainingView, CompareTrainings, Workers } = views;
  useEffect(loadAhead, []);
  const failed = useRef(false);
  // Who goes elsewhere and comes back after a failure has tried again.
  useEffect(() => {
    if (failed.current) setTries((n) => n + 1);
    failed.current = false;
  }, [at]);
  // A reader of the screen is taken to the new view, as a new page would do.
  useEffect(() => {
    if (!first.current) main.current?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [at]);
  return (
    <>
      <a className={styles['skip']} href="#main">
        Skip to the content
      </a>
      <Bar />
      {!online && (
        <div className={styles['offline']} role="status">
          This computer is offline. What is shown may be old; it goes on by itself.
        </div>
      )}
      <main id="main" ref={main} tabIndex={-1} className={styles['main']}>
        <Entry>
          <Guard
            key={`${at} ${tries}`}
            onAgain={() => setTries((n) => n + 1)}
            onFailure={() => {
              failed.current = true;
            }}
          >
            <Suspense fallback={<State title="Loading" busy />}>
              <Switch>
                <Route path="/" component={Searches} />
                <Route path="/start" component={Start} />
                <Route path="/searches/:id">{({ id }) => <SearchView key={id} id={decoded(id)} />}</Route>
                <Route path="/architectures" component={Architectures} />
                <Route path="/architectures/:id">
                  {({ id }) => <ArchitectureView key={id} id={decoded(id)} />}
                </Route>
                <Route path="/compare" component={Compare} />
                <Route path="/trainings" component={Trainings} />
                <Route path="/trainings/:id">{({ id }) => <TrainingView key={id} id={decoded(id)} />}</Route>
                <Route path="/compare-trainings" component={CompareTrainings} />
                <Route path="/workers" component={Workers} />
                <Route component={NotFound} />
              </Switch>
            </Suspense>
          </Guard>
        </Entry>
      </main>
    </>
  );
}
