// The hypervolume of each search as it grew.

import { useMemo } from 'react';
import { type Line, Series } from '../plot/series.tsx';
import { useParameter } from '../ui/address.ts';
import { Card, Choice, State } from '../ui/ui.tsx';
import styles from './compare.module.css';
import { type Against, curvesOf } from './growth.ts';
import type { Named } from './summary.tsx';

const AGAINST: readonly (readonly [Against, string])[] = [
  ['generation', 'generation'],
  ['evaluations', 'scored architectures'],
];

export function Curves(props: {
  readonly searches: readonly Named[];
  readonly hidden: ReadonlySet<string>;
  /** In what the numbers do not compare, in words. */
  readonly warning: string | null;
}) {
  const { searches, hidden, warning } = props;
  const [by, setBy] = useParameter('by', 'generation');
  const against: Against = by === 'evaluations' ? 'evaluations' : 'generation';
  const [xs, lines] = useMemo(() => {
    const shown = searches.filter(({ there }) => !hidden.has(there.id));
    const { xs: all, values } = curvesOf(
      shown.map(({ there }) => there.curve.points),
      against,
    );
    return [
      all,
      shown.map(({ look }, i): Line => ({
        label: look.letter,
        colour: look.colour,
        values: values[i] ?? [],
      })),
    ] as const;
  }, [searches, hidden, against]);
  return (
    <Card
      title="Hypervolume"
      tools={<Choice label="by" value={against} options={AGAINST} onChange={setBy} />}
    >
      {xs.length === 0 ? (
        <State title="No generation is finished yet" />
      ) : (
        <Series
          label="Hypervolume"
          xLabel={against === 'generation' ? 'generation' : 'scored'}
          xs={xs}
          lines={lines}
          height={360}
        />
      )}
      {warning !== null && <p className={styles['note']}>{warning}</p>}
    </Card>
  );
}
