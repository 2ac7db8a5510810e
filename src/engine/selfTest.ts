// Whether this machine computes what it should: a network whose exact values are known, on the engine
// as it runs here.

import type { IndicatorName, TrainingFreeName } from '../search/evaluation.ts';
import { type Case, inspectCase } from './cases.ts';
import type { ScoringEngine } from './engine.ts';

/** Four blocks with every operation of the space. */
const KNOWN: Case = {
  genotype: [
    6, 0, 0, 1, 4, 1, 4, 1, 5, 2, 2, 0, 4, 1, 6, 0, 7, 1, 1, 1, 6, 0, 5, 0, 2, 1, 0, 2, 0, 0, 2, 0, 7, 0, 1,
    2, 6, 4, 2, 0, 1, 3, 1, 0, 4, 0, 6, 2, 6, 1, 3, 4, 3, 1, 1, 0,
  ],
  seed: 3653824995,
  initChannels: 4,
  inputChannels: 3,
  classes: 5,
  batch: 12,
  size: 28,
};

interface Known {
  /** In float64, by PyTorch. */
  readonly wanted: number;
  /** Of float32, absolute (spec section 3). */
  readonly tolerance: number;
}

/** SynFlow by its logarithm. */
const VALUES: Readonly<Record<TrainingFreeName, Known>> = {
  jacobCov: { wanted: 118.30439021163238, tolerance: 0.005 },
  synflow: relative(24.483657587975202, 1e-3),
  gradNorm: relative(31.983673738474966, 1e-3),
  snip: relative(30.747443357629223, 1e-3),
  grasp: relative(-35.119548641969104, 1e-2),
  fisher: relative(0.046062620454767576, 1e-3),
};

function relative(wanted: number, share: number): Known {
  return { wanted, tolerance: share * Math.abs(wanted) };
}

export interface Check extends Known {
  readonly indicator: IndicatorName;
  /** null: not finite, or not computed. */
  readonly value: number | null;
  readonly passed: boolean;
}

/** A check an indicator. @throws MedNasError ENGINE_UNAVAILABLE when nothing can be computed at all. */
export async function selfTest(engine: ScoringEngine): Promise<readonly Check[]> {
  const { scores } = (await inspectCase(engine, KNOWN)).evaluation;
  return Object.entries(VALUES).map(([name, { wanted, tolerance }]) => {
    const indicator = name as IndicatorName;
    const score = scores[indicator];
    const value = score?.log ?? score?.value ?? null;
    const passed = value !== null && Math.abs(value - wanted) <= tolerance;
    return { indicator, value, wanted, tolerance, passed };
  });
}
