// What lists of runs have in common: they are looked at again and again, and turned page by page.

import { useEffect } from 'react';
import list from './list.module.css';
import { styles as ui } from './ui.tsx';

/** Milliseconds between two looks, while something is at work and while nothing is: others may start it. */
const [LOOK_AGAIN, LOOK_IDLY] = [2000, 8000];

/** Looks again some time after an answer, or none, has come. */
export function useLookAgain(
  look: () => void,
  state: {
    /** No answer is on its way. */
    readonly settled: boolean;
    readonly busy: boolean;
    /** Anew with each answer. */
    readonly answer: unknown;
  },
): void {
  const { settled, busy, answer } = state;
  useEffect(() => {
    if (!settled) return;
    const timer = setTimeout(look, busy ? LOOK_AGAIN : LOOK_IDLY);
    return () => clearTimeout(timer);
  }, [settled, busy, answer]);
}

/** `cursors`: of the pages turned so far. */
export function Pages(props: {
  readonly cursors: readonly string[];
  readonly onTurn: (cursors: readonly string[]) => void;
  readonly size: number;
  readonly shown: number;
  readonly total: number;
  readonly next: { readonly hasNextPage: boolean; readonly endCursor?: string | null | undefined };
}) {
  const { cursors, onTurn, size, shown, total, next } = props;
  if (cursors.length === 0 && !next.hasNextPage) return null;
  return (
    <nav className={list['pages']} aria-label="Pages">
      <button
        type="button"
        className={ui['button']}
        disabled={cursors.length === 0}
        onClick={() => onTurn(cursors.slice(0, -1))}
      >
        Newer
      </button>
      <span className="faint">
        {cursors.length * size + 1} to {cursors.length * size + shown} of {total}
      </span>
      <button
        type="button"
        className={ui['button']}
        disabled={!next.hasNextPage}
        onClick={() => onTurn([...cursors, next.endCursor ?? ''])}
      >
        Older
      </button>
    </nav>
  );
}
