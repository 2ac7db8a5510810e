// The plot of a search: any two quantities, every generation's front.

import { useMemo } from 'react';
import { ramp } from '../plot/colour.ts';
import plot from '../plot/plot.module.css';
import { Scatter } from '../plot/scatter.tsx';
import { useParameter } from '../ui/address.ts';
import { useAxis } from '../measure/axis.tsx';
import { brief } from '../ui/format.ts';
import { Card, Check } from '../ui/ui.tsx';
import { dotsOf, trailsOf, type View } from './marks.ts';
import type { Shown } from './search.tsx';
import styles from './search.module.css';

export function Front(props: Shown & { readonly onGeneration: (at: number) => void }) {
  const { search, story, quantities, generation, selected, select, passes, onGeneration } = props;
  const x = useAxis('x', quantities, quantities[0], story.scored);
  const y = useAxis('y', quantities, quantities[1], story.scored);
  const [infeasible, setInfeasible] = useParameter('infeasible', 'no');
  const [trails, setTrails] = useParameter('trails', 'yes');
  const last = story.generations.length - 1;
  const { generations } = search.progress;
  const view = useMemo<View>(
    () => ({
      story,
      generation,
      x: x.quantity,
      y: y.quantity,
      infeasible: infeasible === 'yes',
      trails: trails === 'yes',
      generations,
      best: story.generations[generation]?.best ?? null,
      knee: generation === last ? (search.knee?.individual.architecture.id ?? null) : null,
      passes,
    }),
    [story, generation, x.quantity, y.quantity, infeasible, trails, generations, last, search.knee, passes],
  );
  const dots = useMemo(() => dotsOf(view), [view]);
  const lines = useMemo(() => trailsOf(view), [view]);
  const marked = useMemo(() => (selected === '' ? [] : [selected]), [selected]);
  const number = story.generations[generation]?.generation ?? 0;
  const describe = (id: string) => {
    const scored = story.byId.get(id);
    if (scored === undefined) return [];
    return [
      ['architecture', brief(id)],
      ['scored in generation', String(scored.generation)],
      ...quantities.map(({ label, of, show }) => [label, show(of(scored))] as const),
    ] as const;
  };
  return (
    <Card
      title="Pareto front"
      className={styles['front']}
      tools={
        <>
          {x.controls}
          {y.controls}
        </>
      }
    >
      <Scatter
        label={`${y.quantity.label} against ${x.quantity.label}`}
        x={{ label: x.quantity.label, kind: x.kind }}
        y={{ label: y.quantity.label, kind: y.kind }}
        dots={dots}
        trails={lines}
        selected={marked}
        onSelect={select}
        describe={describe}
        height={460}
      />
      <div className={styles['slider']}>
        <label>
          Generation {number}
          <input
            type="range"
            min={0}
            max={Math.max(0, last)}
            value={generation}
            aria-valuetext={`generation ${number}`}
            onChange={(event) => onGeneration(Number(event.target.value))}
          />
        </label>
        <Check
          label="earlier fronts"
          checked={trails === 'yes'}
          onChange={(on) => setTrails(on ? 'yes' : 'no')}
        />
        <Check
          label="infeasible"
          checked={infeasible === 'yes'}
          onChange={(on) => setInfeasible(on ? 'yes' : 'no')}
        />
      </div>
      <div className={plot['legend']}>
        <span>
          <span
            className={plot['ramp']}
            style={{ background: `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map(ramp).join(', ')})` }}
          />
          generation 0 to {generations}
        </span>
        <span>● on the front</span>
        <span>◆ the paper's pick</span>
        <span>○ knee</span>
        {infeasible === 'yes' && <span>✕ infeasible, where it has a place on these axes</span>}
      </div>
    </Card>
  );
}
