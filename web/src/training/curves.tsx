// How a training went, epoch by epoch.

import { memo, useMemo } from 'react';
import type { Best, Course } from '../live/course.ts';
import { seriesColour } from '../plot/colour.ts';
import { type Line, Series } from '../plot/series.tsx';
import { share } from '../trainings/estimate.ts';
import { Card, State } from '../ui/ui.tsx';
import styles from './training.module.css';

export const Curves = memo(function Curves(props: {
  readonly epochs: Course['epochs'];
  readonly best: Best | null;
  readonly over: boolean;
}) {
  const { epochs, best, over } = props;
  const xs = useMemo(() => epochs.map(({ epoch }) => epoch + 1), [epochs]);
  const losses = useMemo<readonly Line[]>(
    () => [
      { label: 'training', colour: seriesColour(0), values: epochs.map((epoch) => epoch.trainingLoss) },
      { label: 'validation', colour: seriesColour(1), values: epochs.map((epoch) => epoch.validationLoss) },
    ],
    [epochs],
  );
  const quality = useMemo<readonly Line[]>(
    () => [
      { label: 'AUC', colour: seriesColour(2), values: epochs.map((epoch) => epoch.validationAuc) },
      { label: 'ACC', colour: seriesColour(3), values: epochs.map((epoch) => epoch.validationAcc) },
    ],
    [epochs],
  );
  if (best === null) {
    return (
      <Card title="Curves" className={styles['wide']}>
        {over ? (
          <State title="It ended before its first epoch">
            <p>There are no curves to show, and no weights.</p>
          </State>
        ) : (
          <State title="The first epoch is being trained" busy>
            <p>The curves begin when it is finished.</p>
          </State>
        )}
      </Card>
    );
  }
  const mark = best.epoch + 1;
  const common = { xLabel: 'epoch', xs, mark };
  return (
    <Card title="Curves" className={styles['wide']}>
      <div className={styles['charts']}>
        <figure>
          <figcaption>Loss</figcaption>
          <Series label="Loss by epoch" lines={losses} {...common} />
        </figure>
        <figure>
          <figcaption>On the validation images</figcaption>
          <Series label="Validation AUC and ACC by epoch" lines={quality} {...common} />
        </figure>
      </div>
      <p className="faint">
        Dashed: epoch {mark}, {over ? 'the best' : 'the best so far'} by validation AUC (
        {share(best.validationAuc)}). Its weights are kept.
      </p>
    </Card>
  );
});
