// Evaluators over worker threads: every evaluator shares one pool, each task is one architecture.

import { extname } from 'node:path';
import { Piscina } from 'piscina';
import type { Evaluation, Protocol } from '../search/evaluation.ts';
import { macs, params } from '../search/network.ts';
import type { Genotype } from '../search/space/space.ts';
import type { Engine, EngineBatch, Evaluator, Inspection } from './engine.ts';
import { networkOf, type Task } from './evaluate.ts';
import { loadKernels, pairVectors } from './kernels/load.ts';
import { type KernelChoice, numericsOf } from './simd/backend.ts';

/** `.ts` where sources run as they are, `.js` once compiled. */
const WORKER = new URL(`./worker${extname(import.meta.url)}`, import.meta.url).href;

/** Indices by descending cost: the longest begin first, so that no slow one is left for the end. */
const longestFirst = (costs: readonly number[]): readonly number[] =>
  costs.map((_, i) => i).toSorted((a, b) => (costs[b] as number) - (costs[a] as number) || a - b);

export interface EngineOptions {
  /** Threads. */
  readonly workers: number;
  /** Address of the module they run: ours unless given. */
  readonly worker?: string;
}

/** @throws MedNasError ENGINE_UNAVAILABLE when this machine cannot run the kernels. */
export async function openEngine({ workers, worker = WORKER }: EngineOptions): Promise<Engine> {
  pairVectors();
  const { build, wide } = await loadKernels(new WebAssembly.Memory({ initial: 1 }));
  const pool = new Piscina({
    filename: worker,
    workerData: { build, wide } satisfies KernelChoice,
    minThreads: 0,
    maxThreads: workers,
    idleTimeout: 60_000,
    concurrentTasksPerWorker: 1,
  });

  function evaluator(protocol: Protocol, batch: EngineBatch): Evaluator {
    const attempt = (genotype: Genotype): Promise<Evaluation> =>
      pool.run({ genotype, protocol, batch } satisfies Task, { name: 'evaluate' }) as Promise<Evaluation>;
    /** A worker that crashes is replaced by the pool, and its architecture tried once more. */
    const run = (genotype: Genotype): Promise<Evaluation> =>
      attempt(genotype)
        .catch(() => attempt(genotype))
        .catch((error: unknown): Evaluation => {
          const network = networkOf(genotype, protocol);
          const reason = `scoring it failed twice: ${error instanceof Error ? error.message : String(error)}`;
          return { status: 'infeasible', reason, scores: {}, macs: macs(network), params: params(network) };
        });
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
            const evaluation = await run(genotypes[i] as Genotype);
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
    info: { backend: 'wasm', numerics: numericsOf(build), workers },
    evaluator,
    inspect: (genotype, protocol, batch) =>
      pool.run({ genotype, protocol, batch } satisfies Task, { name: 'inspect' }) as Promise<Inspection>,
    close: () => pool.close(),
  };
}
