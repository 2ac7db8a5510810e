// The population as profiles over all its quantities; a range drawn on an axis fades the rest everywhere.

import { memo, useMemo } from 'react';
import { ramp } from '../plot/colour.ts';
import { ParallelCoordinates } from '../plot/parallel.tsx';
import { Card, styles as ui } from '../ui/ui.tsx';
import { type Brushes, profileOf } from './brushes.ts';
import type { Shown } from './search.tsx';
import styles from './search.module.css';

export const Profiles = memo(function Profiles(
  props: Shown & { readonly brushes: Brushes; readonly onBrushes: (brushes: Brushes) => void },
) {
  const { search, story, quantities, generation, selected, select, brushes, onBrushes } = props;
  const { generations } = search.progress;
  const axes = useMemo(
    () => quantities.map(({ key, label }) => ({ key, label, kind: 'linear' as const })),
    [quantities],
  );
  const lines = useMemo(
    () =>
      (story.generations[generation]?.members ?? []).flatMap(({ id, rank }) => {
        const scored = story.byId.get(id);
        if (scored === undefined || !scored.feasible) return [];
        const values = profileOf(scored, quantities);
        return [
          {
            id,
            values,
            colour: ramp(scored.generation / Math.max(1, generations)),
            opacity: rank === 0 ? 0.9 : 0.35,
          },
        ];
      }),
    [story.generations, generation, quantities, generations],
  );
  const marked = useMemo(() => (selected === '' ? [] : [selected]), [selected]);
  function brush(key: string, range: readonly [number, number] | null): void {
    const next = new Map(brushes);
    if (range === null) next.delete(key);
    else next.set(key, range);
    onBrushes(next);
  }
  return (
    <Card
      title="Profiles of the population"
      className={styles['profiles']}
      tools={
        brushes.size > 0 && (
          <button type="button" className={ui['button']} onClick={() => onBrushes(new Map())}>
            Clear {brushes.size === 1 ? 'the range' : `${brushes.size} ranges`}
          </button>
        )
      }
    >
      <ParallelCoordinates
        label="Population by all quantities"
        axes={axes}
        lines={lines}
        selected={marked}
        brushes={brushes}
        onBrush={brush}
        onSelect={select}
      />
    </Card>
  );
});
