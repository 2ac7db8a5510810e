// Whether this machine computes what it should: a network whose exact values are known, on the engine
// as it runs here.

import type { IndicatorName, TrainingFreeName } from '../search/evaluation.ts';
import { networkOfModel } from '../search/model.ts';
import { layoutOf } from '../search/parameters.ts';
import { type Case, inspectCase } from './cases.ts';
import type { Engine, LearningProblem, Lesson, ScoringEngine } from './engine.ts';
import { emptyState, initialState } from './training/state.ts';

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

/** Updates of the network that is known, by Adam. */
const UPDATES = 3;

/** Mean loss before the last of them, by tf.js; the SIMD kernels come to 1.557537, the same on WebGPU to 1.557503. */
const LOSS: Known = relative(1.5575027607567045, 1e-3);

export interface TrainingCheck extends Known {
  /** null: not finite. */
  readonly value: number | null;
  readonly passed: boolean;
}

/** Whether training moves weights as it should. @throws MedNasError ENGINE_UNAVAILABLE, CRASHED */
export async function trainingTest(engine: Engine): Promise<TrainingCheck> {
  const { genotype, seed, initChannels, inputChannels, classes, batch, size } = KNOWN;
  const input = [size, size, inputChannels] as const;
  const model = { kind: 'architecture', space: 'mstf', genotype, initChannels } as const;
  const problem: LearningProblem = { model, input, classes, multiLabel: false };
  const pixels = size * size * inputChannels;
  const data = {
    images: Uint8Array.from({ length: batch * pixels }, (_, i) => (i * 31 + (i >> 5) * 17) % 251),
    labels: Int32Array.from({ length: batch }, (_, i) => i % classes),
  };
  const rows = Uint32Array.from({ length: batch }, (_, i) => i);
  // Small steps: larger ones make much of how implementations round.
  const step = { optimizer: 'adam', learningRate: 1e-4, momentum: 0, weightDecay: 0 } as const;
  const layout = layoutOf(networkOfModel(model, problem));
  let from = initialState(problem, seed);
  let value = Number.NaN;
  for (let i = 0; i < UPDATES; i++) {
    const to = emptyState(layout);
    const lesson: Lesson = { problem, data, batches: [rows], step, from, to };
    const { losses, steps } = await engine.train(lesson, new AbortController().signal);
    value = losses[0] as number;
    from = { ...to, steps };
  }
  const { wanted, tolerance } = LOSS;
  const passed = Math.abs(value - wanted) <= tolerance;
  return { value: Number.isFinite(value) ? value : null, wanted, tolerance, passed };
}
