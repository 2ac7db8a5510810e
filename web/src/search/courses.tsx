// How a search went: hypervolume and indicators by generation.

import { memo, useMemo } from 'react';
import type { Story } from '../live/story.ts';
import { seriesColour } from '../plot/colour.ts';
import { type Line, Series } from '../plot/series.tsx';
import { INDICATORS } from '../ui/format.ts';
import { Card } from '../ui/ui.tsx';
import type { Found } from './search.tsx';
import styles from './search.module.css';

const middle = (sorted: readonly number[]): number | null => sorted[sorted.length >> 1] ?? null;

export const Courses = memo(function Courses({
  search,
  story,
}: {
  readonly search: Found;
  readonly story: Story;
}) {
  const { generations, byId } = story;
  const { indicators } = search.settings;
  const xs = useMemo(() => generations.map(({ generation }) => generation), [generations]);
  const volume = useMemo<readonly Line[]>(
    () => [
      {
        label: 'hypervolume',
        colour: seriesColour(0),
        values: generations.map(({ hypervolume }) => hypervolume),
      },
    ],
    [generations],
  );
  const courses = useMemo(
    () =>
      indicators.map((name, i) => {
        const sorted = generations.map(({ members }) =>
          members.flatMap(({ id }) => byId.get(id)?.values[name] ?? []).toSorted((a, b) => a - b),
        );
        const lines: readonly Line[] = [
          {
            label: 'best',
            colour: seriesColour(i + 1),
            values: sorted.map((values) => values.at(-1) ?? null),
          },
          { label: 'median', colour: seriesColour(i + 3), values: sorted.map(middle) },
        ];
        return { name, lines };
      }),
    [generations, indicators],
  );
  return (
    <Card title="Course" className={styles['courses']}>
      <div className={styles['charts']}>
        <figure>
          <figcaption>Hypervolume</figcaption>
          <Series label="Hypervolume by generation" xs={xs} lines={volume} />
        </figure>
        {courses.map(({ name, lines }) => (
          <figure key={name}>
            <figcaption>{INDICATORS[name].label} of the population</figcaption>
            <Series label={`${INDICATORS[name].label} by generation`} xs={xs} lines={lines} />
          </figure>
        ))}
      </div>
    </Card>
  );
});
