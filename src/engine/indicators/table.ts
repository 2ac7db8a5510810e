// The indicators there are. A new one is one file, one line here and its name in search/evaluation.ts.

import type { IndicatorName } from '../../search/evaluation.ts';
import type { Indicator } from './indicator.ts';
import { jacobCov } from './jacobCov.ts';
import { synflow } from './synflow.ts';

export const INDICATOR_TABLE: Readonly<Record<IndicatorName, Indicator>> = { jacobCov, synflow };
