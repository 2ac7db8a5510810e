// A number with its interval on a scale from 0 to 1, for the eye; what it says is in the text beside it.

import styles from './interval.module.css';

/** Where on the scale. */
const at = (share: number): string => `${(2 + 96 * share).toFixed(2)}%`;

export function Interval(props: {
  readonly value?: number | null | undefined;
  readonly low?: number | null | undefined;
  readonly high?: number | null | undefined;
  /** What guessing comes to, marked on the scale; left out: nothing is. */
  readonly chance?: number;
}) {
  const { value, low, high, chance } = props;
  if (typeof value !== 'number') return null;
  return (
    <svg className={styles['interval']} aria-hidden>
      <line className={styles['scale']} x1={at(0)} x2={at(1)} y1="8" y2="8" />
      {typeof low === 'number' && typeof high === 'number' && (
        <line className={styles['span']} x1={at(low)} x2={at(high)} y1="8" y2="8" />
      )}
      {chance !== undefined && (
        <line className={styles['scale']} x1={at(chance)} x2={at(chance)} y1="2" y2="14" />
      )}
      <circle className={styles['value']} cx={at(value)} cy="8" r="4.5" />
    </svg>
  );
}
