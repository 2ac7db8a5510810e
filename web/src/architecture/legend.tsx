// What the marks of the drawing mean.

import { classes } from '../ui/ui.tsx';
import styles from './diagram.module.css';
import type { Kind } from './drawing.ts';

const KINDS: readonly (readonly [kind: Kind, label: string])[] = [
  ['conv', 'convolution, dense'],
  ['pool', 'pooling'],
  ['pass', 'identity, zero, ReLU, batch norm'],
  ['data', 'input, concatenation'],
];

export function Legend() {
  return (
    <ul className={styles['legend']} aria-label="Legend">
      {KINDS.map(([kind, label]) => (
        <li key={kind}>
          <svg width="22" height="14" className={classes(styles['node'], styles[kind])} aria-hidden>
            <rect x="1" y="1" width="20" height="12" rx="3" />
          </svg>
          {label}
        </li>
      ))}
      <li>second line: output shape, MACs</li>
      <li>
        <svg width="14" height="14" aria-hidden>
          <circle className={styles['loose']} cx="7" cy="7" r="5.5" />
        </svg>
        loose end: part of the cell’s output
      </li>
    </ul>
  );
}
