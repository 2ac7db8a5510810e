// scikit-learn's figures for our cases: asked for anew where python3 has it, and a few kept in test/golden.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Case } from './cases.ts';

/** null: undefined. */
export interface Figures {
  readonly auc: number | null;
  readonly acc: number;
  readonly balancedAccuracy: number | null;
  readonly quadraticKappa: number | null;
  readonly confusion: readonly (readonly number[])[] | null;
  readonly classes: readonly {
    readonly auc: number | null;
    readonly sensitivity: number | null;
    readonly specificity: number | null;
    /** (false, true) positive rate at every threshold; none where undefined. */
    readonly roc: readonly (readonly [number, number])[];
    /** At 0.9 and 0.95. */
    readonly sensitivityAt: readonly (number | null)[];
    readonly specificityAt: readonly (number | null)[];
  }[];
}

const SCRIPT = fileURLToPath(new URL('reference.py', import.meta.url));

const hasLearn = (python: string): boolean => spawnSync(python, ['-c', 'import sklearn']).status === 0;

/** A Python with scikit-learn: the first on the path, or the system's, which Debian's package is for. */
export const PYTHON = ['python3', '/usr/bin/python3'].find(hasLearn) ?? null;

/** One run of Python for all cases. */
export function referenceFigures(python: string, cases: readonly Case[]): readonly Figures[] {
  const input = cases.map(({ task, classes, scores, labels, samples }) => {
    const width = labels.length / samples;
    const rows = Array.from({ length: samples }, (_, i) => [...labels.subarray(i * width, (i + 1) * width)]);
    return {
      task,
      classes: classes.length,
      scores: [...scores],
      labels: task === 'multi-label, binary-class' ? rows : rows.flat(),
    };
  });
  const { status, stdout, stderr } = spawnSync(python, [SCRIPT], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${SCRIPT} failed: ${stderr}`);
  return JSON.parse(stdout) as readonly Figures[];
}
