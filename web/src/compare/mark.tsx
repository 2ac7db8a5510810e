// The sign of a search: its colour, shape and letter, as in the plots.

import type { ReactNode } from 'react';
import type { Dot } from '../plot/marks.ts';
import styles from './compare.module.css';
import type { Look } from './marks.ts';

const SHAPES: Readonly<Record<Dot['shape'], ReactNode>> = {
  disc: <circle cx="8" cy="8" r="5" fill="currentColor" />,
  ring: <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" strokeWidth="2" />,
  cross: <path d="M3.5 3.5l9 9M3.5 12.5l9-9" stroke="currentColor" strokeWidth="2" />,
  diamond: <path d="M8 1.5L14.5 8 8 14.5 1.5 8z" fill="currentColor" />,
};

export function Mark({ look }: { readonly look: Look }) {
  return (
    <span className={styles['mark']}>
      <svg width="16" height="16" viewBox="0 0 16 16" style={{ color: look.colour }} aria-hidden>
        {SHAPES[look.shape]}
      </svg>
      {look.letter}
    </span>
  );
}
