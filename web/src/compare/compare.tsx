// Searches beside each other: where their fronts lie, how fast they came there, and in what they differ.

import { useMemo, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { lookedAt, SETTINGS } from '../searches/form.ts';
import { paths } from '../ui/address.ts';
import { brief, titleOf } from '../ui/format.ts';
import { Notice, State, styles as ui } from '../ui/ui.tsx';
import styles from './compare.module.css';
import {
  type Compared,
  frameDifferences,
  listed,
  protocolDifferences,
  sameFrames,
  type There,
} from './compared.ts';
import { Curves } from './curves.tsx';
import { Fronts } from './fronts.tsx';
import { Mark } from './mark.tsx';
import { lookOf, MOST } from './marks.ts';
import { Picker } from './picker.tsx';
import { namesOf } from './settings.ts';
import { SettingsTable } from './settingsTable.tsx';
import { type Named, Summary } from './summary.tsx';
import { useCompared } from './useCompared.ts';

/** The searches of the address, each once, and how to change them; the rest of the address stays. */
function useIds() {
  const [parameters, setParameters] = useSearchParams();
  const ids = [...new Set(parameters.getAll('search'))].filter((id) => id !== '');
  const set = (next: readonly string[]): void =>
    setParameters((before) => {
      const after = new URLSearchParams(before);
      after.delete('search');
      for (const id of next) after.append('search', id);
      return after;
    });
  return {
    ids: ids.slice(0, MOST),
    left: ids.slice(MOST),
    add: (id: string) => set([...ids, id]),
    remove: (id: string) => set(ids.filter((other) => other !== id)),
  };
}

function namedOf(compared: readonly Compared[]): readonly Named[] {
  const there = compared.filter((one): one is There => one.state === 'there');
  const settings = there.map(({ search }) => search.settings);
  const names = namesOf(settings.map(titleOf), settings.map(lookedAt), SETTINGS);
  // The look goes by the place in the address, so that it stays when one before it is still loading.
  return there.map((one, i) => ({
    there: one,
    look: lookOf(compared.indexOf(one)),
    name: names[i] ?? one.id,
  }));
}

/** Ids no search has. */
function Unknown(props: { readonly ids: readonly string[]; readonly onRemove: (id: string) => void }) {
  return props.ids.map((id) => (
    <Notice key={id} tone="warn">
      <span>
        There is no search <code className={styles['id']}>{id}</code>. Perhaps it was deleted, or the link is
        damaged.
      </span>
      <button
        type="button"
        className={ui['button']}
        aria-label={`Take it out: ${brief(id)}`}
        onClick={() => props.onRemove(id)}
      >
        Take it out
      </button>
    </Notice>
  ));
}

/** What the service did not tell, or not lately. */
const problemWith = (compared: readonly Compared[]): string | null =>
  compared
    .map((one) => {
      if (one.state === 'failed') return one.message;
      return one.state === 'there' ? one.problem : null;
    })
    .find((problem) => problem !== null) ?? null;

function Unreadable(props: {
  readonly problem: string;
  /** Whether anything else is shown. */
  readonly isAll: boolean;
  readonly onAgain: () => void;
}) {
  const again = (
    <button type="button" className={ui['button']} onClick={props.onAgain}>
      Try now
    </button>
  );
  const text = `${props.problem} It is tried again every few seconds.`;
  if (!props.isAll) {
    return (
      <Notice tone="bad">
        {text} {again}
      </Notice>
    );
  }
  return (
    <State title="The searches cannot be read">
      <p>{text}</p>
      {again}
    </State>
  );
}

function Legend(props: {
  readonly searches: readonly Named[];
  readonly hidden: ReadonlySet<string>;
  readonly onHide: (id: string, hide: boolean) => void;
}) {
  return (
    <fieldset className={styles['legend']}>
      <legend className="unseen">Shown in the plots</legend>
      {props.searches.map(({ there, look, name }) => (
        <label key={there.id}>
          <input
            type="checkbox"
            checked={!props.hidden.has(there.id)}
            onChange={(event) => props.onHide(there.id, !event.target.checked)}
          />
          <Mark look={look} />
          {name}
          {there.curve.points.length === 0 && <span className="faint">(no generation yet)</span>}
        </label>
      ))}
    </fieldset>
  );
}

/** In what the numbers of the searches do not compare, in words; null: they do. */
function warningsOf(searches: readonly Named[]) {
  const there = searches.map((one) => one.there);
  const [frames, protocols] = [frameDifferences(there), protocolDifferences(there)];
  const groups = sameFrames(searches).map((group) => listed(group.map(({ look }) => look.letter)));
  const among = groups.map((letters) => `Those of ${letters} do: theirs is the same.`).join(' ');
  return {
    sameFrame: frames.length === 0,
    hypervolume:
      frames.length === 0
        ? null
        : `These hypervolumes do not all compare: each is measured in its search’s own frame, and the frames differ in ${listed(frames)}. ${among} Searches with the same protocol, objectives, seed and population have the same frame.`,
    indicators:
      protocols.length === 0
        ? null
        : `Indicators of these searches do not compare, since they differ in ${listed(protocols)}; MACs and parameters do.`,
  };
}

export default function Compare() {
  const { ids, left, add, remove } = useIds();
  const { compared, again } = useCompared(ids);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const searches = useMemo(() => namedOf(compared), [compared]);
  const warnings = useMemo(() => warningsOf(searches), [searches]);
  const hide = (id: string, on: boolean): void =>
    setHidden((before) => new Set(on ? [...before, id] : [...before].filter((other) => other !== id)));
  const picker =
    ids.length < MOST ? (
      <Picker ids={ids} onPick={add} />
    ) : (
      <p className="faint">{`${MOST} searches are compared at most.`}</p>
    );
  if (ids.length === 0) {
    return (
      <>
        <h1>Compare searches</h1>
        <State title="No search to compare yet">
          <p>
            Two searches or more are laid over each other here: their fronts, how their hypervolumes grew, and
            their settings. Pick the first, or check some in the list of searches.
          </p>
          {picker}
          <Link href={paths.searches}>All searches</Link>
        </State>
      </>
    );
  }
  const problem = problemWith(compared);
  const isLoading = searches.length === 0 && compared.some(({ state }) => state === 'loading');
  return (
    <div className={styles['page']}>
      <div className={styles['head']}>
        <h1>Compare searches</h1>
        {picker}
      </div>
      <Unknown
        ids={compared.filter(({ state }) => state === 'unknown').map(({ id }) => id)}
        onRemove={remove}
      />
      {problem !== null && <Unreadable problem={problem} isAll={searches.length === 0} onAgain={again} />}
      {left.length > 0 && (
        <Notice tone="warn">
          {`The address names ${ids.length + left.length} searches; the first ${MOST} are compared.`}
        </Notice>
      )}
      {isLoading && <State title="Loading the searches" busy />}
      {ids.length === 1 && searches.length === 1 && (
        <p className="faint">Only one search so far: add another to see them beside each other.</p>
      )}
      {searches.length > 0 && (
        <>
          <Summary searches={searches} onRemove={remove} />
          <Legend searches={searches} hidden={hidden} onHide={hide} />
          <div className={styles['plots']}>
            <Fronts
              searches={searches}
              hidden={hidden}
              sameFrame={warnings.sameFrame}
              warning={warnings.indicators}
            />
            <Curves searches={searches} hidden={hidden} warning={warnings.hypervolume} />
          </div>
          <SettingsTable searches={searches} />
        </>
      )}
    </div>
  );
}
