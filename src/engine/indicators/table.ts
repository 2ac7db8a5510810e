// The indicators there are. A new one is one file, one line here and one in search/evaluation.ts.

import type { TrainingFreeName } from '../../search/evaluation.ts';
import type { Indicator } from './indicator.ts';
import { fisher } from './fisher.ts';
import { gradNorm } from './gradNorm.ts';
import { grasp } from './grasp.ts';
import { jacobCov } from './jacobCov.ts';
import { snip } from './snip.ts';
import { synflow } from './synflow.ts';

export const INDICATOR_TABLE: Readonly<Record<TrainingFreeName, Indicator>> = {
  jacobCov,
  synflow,
  gradNorm,
  snip,
  grasp,
  fisher,
};
