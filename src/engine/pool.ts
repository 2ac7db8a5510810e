// Evaluators over worker threads: every evaluator shares one crew, each task is one architecture.

import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import type { Measured } from '../metrics/measured.ts';
import { MedNasError } from '../search/errors.ts';
import type { Evaluation, Protocol } from '../search/evaluation.ts';
import { networkOfModel } from '../search/model.ts';
import { macs } from '../search/network.ts';
import type { Genotype } from '../search/space/space.ts';
import { CrashError, openCrew } from './crew.ts';
import type {
  BackendChoice,
  Engine,
  EngineBatch,
  Evaluator,
  Inspection,
  Learned,
  LearningProblem,
} from './engine.ts';
import { networkOf, type Task, unscored } from './evaluate.ts';
import { findDevice } from './device.ts';
import { pairVectors } from './kernels/load.ts';
import { machineBytes } from './memory.ts';
import type { Question } from './training/learn.ts';

/** `.ts` where sources run as they are, `.js` once compiled. */
const WORKER = new URL(`./worker${extname(import.meta.url)}`, import.meta.url).href;

/** Indices by descending cost: the longest begin first, so that no slow one is left for the end. */
const longestFirst = (costs: readonly number[]): readonly number[] =>
  costs.map((_, i) => i).toSorted((a, b) => (costs[b] as number) - (costs[a] as number) || a - b);

function requireImages({ batchSize, input }: Protocol, { images }: EngineBatch): void {
  const wanted = batchSize * input[0] * input[1] * input[2];
  if (images.length !== wanted) {
    throw new Error(
      `a batch of ${batchSize} images of ${input.join(' x ')} has ${wanted} values; got ${images.length}`,
    );
  }
}

/** Multiply-accumulates of a slice of predictions, about a second's on one thread. */
const SLICE_MACS = 2e10;

/** Images that one task predicts: a function of the network alone, so that the slices are always the same. */
function sliceOf({ model, input, classes }: LearningProblem): number {
  return Math.max(1, Math.floor(SLICE_MACS / macs(networkOfModel(model, { input, classes }))));
}

/** One block of 8 x 8 pixels, scored in a millisecond or two. */
const PROBE: Task = {
  genotype: [0, 0, 1, 1, 2, 2, 3, 0, 4, 0, 0, 1, 2, 3],
  protocol: {
    space: 'mstf',
    dataset: 'probe',
    batch: 'probe',
    batchSize: 2,
    input: [8, 8, 1],
    classes: 2,
    multiLabel: false,
    initChannels: 4,
    seed: 0,
    indicators: ['jacobCov', 'synflow'],
    numerics: 'probe',
  },
  batch: { images: Float32Array.from({ length: 128 }, (_, i) => Math.sin(i * i)), labels: new Int32Array(2) },
};

export interface EngineOptions {
  /** `wasm` unless given. */
  readonly backend?: BackendChoice;
  /** Threads, at most: a GPU has one. */
  readonly workers: number;
  /** Address of the module they run: ours unless given. */
  readonly worker?: string;
}

/** @throws MedNasError ENGINE_UNAVAILABLE when this machine has no such backend. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  pairVectors();
  const found = await findDevice(options.backend ?? 'wasm', options.workers);
  const { device, threads: workers } = found;
  const crew = openCrew(options.worker ?? WORKER, workers, device);

  let atWork = 0;

  async function work<T>(name: string, task: unknown, signal: AbortSignal): Promise<T> {
    atWork += 1;
    try {
      return await crew.run<T>(name, task, signal);
    } finally {
      atWork -= 1;
    }
  }

  /** An architecture over which two workers died is infeasible; what else fails, fails. */
  async function evaluate(task: Task, signal: AbortSignal): Promise<Evaluation> {
    try {
      return await work<Evaluation>('evaluate', task, signal);
    } catch (error) {
      if (!(error instanceof CrashError)) throw error;
      return unscored(task, `its worker crashed twice: ${error.message}`);
    }
  }

  async function learning<T>(name: string, task: unknown, signal: AbortSignal): Promise<T> {
    try {
      return await work<T>(name, task, signal);
    } catch (error) {
      if (!(error instanceof CrashError)) throw error;
      throw new MedNasError('CRASHED', `A thread died over the network twice: ${error.message}.`, {
        cause: error,
      });
    }
  }

  /** Slices are tasks of their own, so that a large split leaves the others their turns. */
  async function predict(question: Question, signal: AbortSignal): Promise<Float32Array> {
    const { problem, images } = question;
    const pixels = problem.input.reduce((a, b) => a * b, 1);
    const size = sliceOf(problem) * pixels;
    const slices = Array.from({ length: Math.ceil(images.length / size) }, (_, i) =>
      images.subarray(i * size, (i + 1) * size),
    );
    const logits = new Float32Array((images.length / pixels) * problem.classes);
    const failure = new AbortController();
    const stop = AbortSignal.any([signal, failure.signal]);
    await Promise.all(
      slices.map(async (slice, i) => {
        try {
          const task = { ...question, images: slice };
          logits.set(
            await learning<Float32Array>('predict', task, stop),
            (i * size * problem.classes) / pixels,
          );
        } catch (error) {
          failure.abort(error);
        }
      }),
    );
    stop.throwIfAborted();
    return logits;
  }

  let probing: Promise<void> | null = null;
  async function probe(): Promise<void> {
    const evaluation = await evaluate(PROBE, new AbortController().signal);
    if (evaluation.status === 'ok') return;
    throw new MedNasError(
      'ENGINE_UNAVAILABLE',
      `A network known to be fine scores as: ${evaluation.reason}.`,
    );
  }

  function evaluator(protocol: Protocol, batch: EngineBatch): Evaluator {
    requireImages(protocol, batch);
    return {
      async evaluate(genotypes, signal, onScored) {
        const results: Evaluation[] = [];
        const order = longestFirst(genotypes.map((genotype) => macs(networkOf(genotype, protocol))));
        let next = 0;
        const failure = new AbortController();
        const stop = AbortSignal.any([signal, failure.signal]);
        const lane = async (): Promise<void> => {
          for (let k = next++; k < order.length; k = next++) {
            stop.throwIfAborted();
            const i = order[k] as number;
            const evaluation = await evaluate({ genotype: genotypes[i] as Genotype, protocol, batch }, stop);
            results[i] = evaluation;
            await onScored?.(i, evaluation);
          }
        };
        const lanes = Array.from({ length: workers }, () =>
          lane().catch((error: unknown) => failure.abort(error)),
        );
        await Promise.all(lanes);
        stop.throwIfAborted();
        return results;
      },
    };
  }

  return {
    info: {
      backend: device.backend,
      adapter: found.adapter,
      numerics: found.numerics,
      simd: found.simd,
      workers,
      cores: availableParallelism(),
      memory: machineBytes(),
      workerMemory: device.limit,
    },
    load: () => crew.load(),
    evaluator,
    async inspect(genotype, protocol, batch) {
      requireImages(protocol, batch);
      const task = { genotype, protocol, batch } satisfies Task;
      return crew.run<Inspection>('inspect', task, new AbortController().signal);
    },
    train: (lesson, signal) => learning<Learned>('train', lesson, signal),
    predict: (problem, values, images, signal) => predict({ problem, values, images }, signal),
    measure: (examination, signal) => learning<Measured>('measure', examination, signal),
    requireFit: (protocol, blocks) => found.requireFit(protocol, blocks),
    async check() {
      // Behind others it would wait, and that they are at work says as much.
      if (atWork >= workers && probing === null) return;
      await (probing ??= probe().finally(() => {
        probing = null;
      }));
    },
    close: () => crew.close(),
  };
}
