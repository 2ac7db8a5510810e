// What the rest of MedNAS knows of the engine: it scores genotypes under a protocol.

import type { measure, Measured } from '../metrics/measured.ts';
import type { Evaluation, Protocol } from '../search/evaluation.ts';
import type { Model } from '../search/model.ts';
import type { Shape } from '../search/network.ts';
import type { Genotype } from '../search/space/space.ts';
import type { Step, TrainingState } from './training/trainer.ts';

/** The images and labels a protocol's scores are computed on. */
export interface EngineBatch {
  /** float32, [size, height, width, channels], in shared memory. */
  readonly images: Float32Array;
  /** [size] class indices, or [size, classes] of 0/1 for multi-label. */
  readonly labels: Int32Array;
}

export const BACKEND_NAMES = ['wasm', 'webgpu', 'tensorflow'] as const;
export type BackendName = (typeof BACKEND_NAMES)[number];
/** `auto`: a real GPU through WebGPU where there is one, never a software one, else the CPU. */
export type BackendChoice = BackendName | 'auto';

export interface EngineInfo {
  /** Which arithmetic runs: a BackendName, unless a test's own. */
  readonly backend: string;
  /** The GPU, as its driver calls it; null: the CPU. */
  readonly adapter: string | null;
  /** Backend and revision of its arithmetic: part of every protocol. */
  readonly numerics: string;
  /** Of the SIMD kernels: instructions and bits at a time; null: they do not run. */
  readonly simd: string | null;
  /** Threads that score at the same time. */
  readonly workers: number;
  /** Of the CPU that this process may use. */
  readonly cores: number;
  /** Bytes that this process's machine or container has. */
  readonly memory: number;
  /** Bytes of them that a worker may take for tensors; null: the GPU has its own. */
  readonly workerMemory: number | null;
}

/**
 * Scores genotypes under one protocol. Promises: a score depends on the genotype and the protocol
 * only, never on the other genotypes, their order or the number of workers; an architecture that
 * cannot be scored (not finite, out of memory, its worker crashed twice) is infeasible with its
 * reason, the others go on. A fault of the engine's own rejects.
 */
export interface Evaluator {
  /**
   * Evaluations in the order of the genotypes. `onScored` is told of each as it finishes; when it
   * rejects, or the signal aborts, work not yet begun is dropped and the call rejects.
   */
  evaluate(
    genotypes: readonly Genotype[],
    signal: AbortSignal,
    onScored?: (index: number, evaluation: Evaluation) => Promise<void>,
  ): Promise<readonly Evaluation[]>;
}

/** An architecture's score with what it was made of, to hold against another implementation's. */
export interface Inspection {
  readonly evaluation: Evaluation;
  /** N_A, units over all ReLUs. */
  readonly reluUnits: number;
  /** First row of the kernel matrix K_H; empty when there is not the memory for a forward pass. */
  readonly kernelRow0: readonly number[];
  /** The first image's logits; empty likewise. */
  readonly logits0: readonly number[];
}

/** What a network is trained or asked on. */
export interface LearningProblem {
  readonly model: Model;
  /** One image. */
  readonly input: Shape;
  readonly classes: number;
  readonly multiLabel: boolean;
}

/** Images and labels of a split, in shared memory. */
export interface LearningImages {
  /** uint8, [rows, height, width, channels]. */
  readonly images: Uint8Array;
  /** [rows] class indices, or [rows, classes] of 0/1 for multi-label. */
  readonly labels: Int32Array;
}

/** Updates that one thread makes in one go: about a second's, so that searches and trainings take turns. */
export interface Lesson {
  readonly problem: LearningProblem;
  readonly data: LearningImages;
  /** Rows of each update to come. */
  readonly batches: readonly Uint32Array[];
  readonly step: Step;
  readonly from: TrainingState;
  /** Where the state goes that it comes to; may not share memory with `from`, which stays as it is. */
  readonly to: Omit<TrainingState, 'steps'>;
}

export interface Learned {
  /** Mean loss of each update made, the first of the lesson's batches; a loss that is not finite is the last. */
  readonly losses: readonly number[];
  /** Updates behind the state in `to`. */
  readonly steps: number;
}

/** The arguments of `measure`. */
export type Examination = Parameters<typeof measure>;

/** What its threads are at. */
export interface EngineLoad {
  /** Architectures that are being scored. */
  readonly busy: number;
  /** Those that wait for a thread. */
  readonly waiting: number;
  /** Tasks whose thread died, since the start. */
  readonly crashes: number;
}

/** One that scores, here or elsewhere. */
export interface ScoringEngine {
  readonly info: EngineInfo;
  readonly load: () => EngineLoad;
  /** Of a search whose scores so far have these numerics; null: it has none. Unless there, its own, always. */
  readonly numericsFor?: (before: string | null) => string;
  evaluator(protocol: Protocol, batch: EngineBatch): Evaluator;
  inspect(genotype: Genotype, protocol: Protocol, batch: EngineBatch): Promise<Inspection>;
  /**
   * Does nothing when a worker has the memory for every architecture of so many blocks.
   * @throws MedNasError BATCH_TOO_LARGE that says how much it takes, how much there is, and the largest batch that fits.
   */
  requireFit(protocol: Protocol, blocks: number): void;
  /**
   * Scores a tiny network, or sees that all threads are at work.
   * @throws MedNasError ENGINE_UNAVAILABLE when nothing can be scored now.
   */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** One whose threads are of this process: it trains too. */
export interface Engine extends ScoringEngine {
  /**
   * Trains for about a second, at least one update. The same updates come to the same state bit for bit, however
   * they are cut into lessons.
   * @throws MedNasError BATCH_TOO_LARGE when a step needs more memory than a worker has.
   */
  train(lesson: Lesson, signal: AbortSignal): Promise<Learned>;
  /** Logits of all the images (uint8, in shared memory), [rows, classes], with the running statistics. `values` as laid out by `layoutOf`. */
  predict(
    problem: LearningProblem,
    values: Float32Array,
    images: Uint8Array,
    signal: AbortSignal,
  ): Promise<Float32Array>;
  /** What a split measures, by a thread: on large splits that takes seconds. @throws MedNasError as `measure`. */
  measure(examination: Examination, signal: AbortSignal): Promise<Measured>;
}
