// The small parts every view is made of.

import { type ReactNode, useEffect, useId, useRef } from 'react';
import type { SearchStatus } from '../api/generated/graphql.ts';
import styles from './ui.module.css';

export const classes = (...names: readonly (string | false | undefined)[]): string =>
  names.filter(Boolean).join(' ');

export { styles };

/** A titled box. `tools`: controls beside the title. */
export function Card(props: {
  readonly title: string;
  readonly tools?: ReactNode;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={classes(styles['card'], props.className)} aria-labelledby={id}>
      <div className={styles['cardHead']}>
        <h2 id={id}>{props.title}</h2>
        {props.tools}
      </div>
      {props.children}
    </section>
  );
}

const STATUS: Readonly<Record<SearchStatus, readonly [label: string, colour: string]>> = {
  QUEUED: ['queued', 'var(--warn)'],
  PREPARING: ['preparing', 'var(--warn)'],
  RUNNING: ['running', 'var(--accent)'],
  PAUSED: ['paused', 'var(--warn)'],
  COMPLETED: ['completed', 'var(--good)'],
  CANCELLED: ['cancelled', 'var(--faint)'],
  FAILED: ['failed', 'var(--bad)'],
};

/** `position`: in the queue, of one that waits in it. */
export function Status({
  of,
  position = null,
}: {
  readonly of: SearchStatus;
  readonly position?: number | null;
}) {
  const [label, color] = STATUS[of];
  return (
    <span className={styles['badge']} style={{ color }}>
      {position === null ? label : `${label}, number ${position}`}
    </span>
  );
}

/** What stands where there is nothing to show, or not yet: empty, loading, error, not found. */
export function State(props: {
  readonly title: string;
  readonly children?: ReactNode;
  readonly busy?: boolean;
}) {
  return (
    <div className={styles['state']} role="status" aria-busy={props.busy ?? false}>
      <svg
        width="44"
        height="44"
        viewBox="0 0 44 44"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.5"
        aria-hidden
      >
        <path d="M6 6v32h32" opacity="0.35" />
        <path d="M12 10c1 15 9 22 24 22" strokeDasharray={props.busy === true ? '3 6' : undefined} />
        <circle cx="14" cy="20" r="2.5" fill="currentColor" />
        <circle cx="22" cy="29" r="2.5" fill="currentColor" />
      </svg>
      <h2>{props.title}</h2>
      {props.children}
    </div>
  );
}

/** Something the reader should know before all else. */
export function Notice(props: { readonly tone: 'warn' | 'bad'; readonly children: ReactNode }) {
  return (
    <div
      className={styles['notice']}
      role={props.tone === 'bad' ? 'alert' : 'status'}
      style={{ color: `var(--${props.tone})` }}
    >
      {props.children}
    </div>
  );
}

export function Progress({ value, label }: { readonly value: number; readonly label: string }) {
  const percent = Math.round(100 * Math.min(1, Math.max(0, value)));
  return (
    <div
      className={styles['progress']}
      role="progressbar"
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <div style={{ width: `${percent}%` }} />
    </div>
  );
}

export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={styles['facts']}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A choice among a few. */
export function Choice<V extends string>(props: {
  readonly label: string;
  readonly value: V;
  readonly options: readonly (readonly [value: V, label: string])[];
  readonly onChange: (value: V) => void;
}) {
  return (
    <label className={styles['inline']}>
      {props.label}
      <select
        className={styles['control']}
        value={props.value}
        onChange={(event) => props.onChange(event.target.value as V)}
      >
        {props.options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Check(props: {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  return (
    <label className={styles['inline']}>
      <input
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChange(event.target.checked)}
      />
      {props.label}
    </label>
  );
}

/** Asks before something is done that can't be undone; open for as long as it is rendered. */
export function Confirm(props: {
  readonly title: string;
  readonly action: string;
  readonly children: ReactNode;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className={styles['dialog']} aria-labelledby={id} onClose={props.onClose}>
      <form method="dialog">
        <h2 id={id}>{props.title}</h2>
        {props.children}
        <div className={styles['actions']}>
          <button className={styles['button']} type="submit">
            Keep it
          </button>
          <button
            className={classes(styles['button'], styles['danger'])}
            type="submit"
            onClick={props.onConfirm}
          >
            {props.action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
