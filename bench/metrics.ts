// How long does it take to measure a split? Sizes and tasks of MedMNIST's test splits, scores drawn at random, some
// skill in them. The first call warms up and is not counted.

import type { Task } from '../src/data/dataset.ts';
import { measure } from '../src/metrics/measured.ts';
import { streamKey, uniformAt } from '../src/search/random.ts';

export interface MetricsOptions {
  readonly resamples: number;
  readonly rounds: number;
}

const SPLITS: readonly (readonly [like: string, task: Task, classes: number, samples: number])[] = [
  ['breastmnist', 'binary-class', 2, 156],
  ['retinamnist', 'ordinal-regression', 5, 400],
  ['pathmnist', 'multi-class', 9, 7180],
  ['5 000, binary', 'binary-class', 2, 5000],
  ['5 000, 11 classes', 'multi-class', 11, 5000],
  ['22 433, binary', 'binary-class', 2, 22_433],
  ['chestmnist', 'multi-label, binary-class', 14, 22_433],
];

export function metrics({ resamples, rounds }: MetricsOptions): void {
  const rows = SPLITS.map(([like, task, classes, samples]) => {
    const isMultiLabel = task === 'multi-label, binary-class';
    const key = streamKey(1, 'bench/metrics');
    const labels = Int32Array.from({ length: isMultiLabel ? samples * classes : samples }, (_, i) =>
      Math.floor(uniformAt(key, i) * (isMultiLabel ? 1.1 : classes)),
    );
    const scores = Float32Array.from({ length: samples * classes }, (_, i) => {
      const isOfClass = isMultiLabel ? labels[i] === 1 : labels[Math.floor(i / classes)] === i % classes;
      return uniformAt(key, 2 ** 30 + i) * 0.7 + (isOfClass ? 0.3 : 0);
    });
    const names = Array.from({ length: classes }, (_, k) => String(k));
    const times = Array.from({ length: rounds + 1 }, () => {
      const [start, cpu] = [performance.now(), process.cpuUsage()];
      measure(task, names, scores, labels, { seed: 1, resamples });
      const { user, system } = process.cpuUsage(cpu);
      return { wall: performance.now() - start, cpu: (user + system) / 1000 };
    });
    const best = (which: 'wall' | 'cpu'): number =>
      Math.round(Math.min(...times.slice(1).map((time) => time[which])) * 10) / 10;
    return { like, task, classes, samples, 'wall ms': best('wall'), 'cpu ms': best('cpu') };
  });
  console.log(`measure(), ${resamples} resamples, best of ${rounds}`);
  console.table(rows);
}
