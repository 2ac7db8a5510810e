// How fast is a score? Seconds an architecture by indicator on the baseline's genotypes (batch 64,
// 28 px, RGB), and with `againstPytorch` the PyTorch baseline in the same run, taken in turns; then
// GFLOP/s of each kernel.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openEngine } from '../src/engine/pool.ts';
import type { Engine } from '../src/engine/engine.ts';
import { networkOf } from '../src/engine/evaluate.ts';
import type { IndicatorName, Protocol } from '../src/search/evaluation.ts';
import { macs } from '../src/search/network.ts';
import type { Genotype } from '../src/search/space/space.ts';
import { timeKernels } from './kernels.ts';
import { BATCH, batch, GENOTYPES_FILE, protocolOf, readGenotypes, SIZE } from './workload.ts';

/** Beside the project, not in it. */
const BASELINE = fileURLToPath(new URL('../../shared/baseline/pytorch_baseline.py', import.meta.url));

export interface EngineOptions {
  readonly initChannels: readonly number[];
  readonly indicators: readonly IndicatorName[];
  readonly rounds: number;
  readonly workers: number;
  readonly againstPytorch: boolean;
  readonly kernels: boolean;
  readonly json: boolean;
}

interface Timing {
  /** Wall seconds an architecture, all workers together. */
  readonly wall: number;
  /** Seconds an architecture in its worker, by indicator. */
  readonly indicators: Readonly<Record<string, number>>;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] as number;

async function timeOurs(engine: Engine, protocol: Protocol, genotypes: readonly Genotype[]): Promise<Timing> {
  const evaluator = engine.evaluator(protocol, batch());
  const start = performance.now();
  const evaluations = await evaluator.evaluate(genotypes, new AbortController().signal);
  const wall = (performance.now() - start) / 1000 / genotypes.length;
  const indicators = Object.fromEntries(
    protocol.indicators.map((name) => [
      name,
      mean(evaluations.map(({ scores }) => scores[name]?.seconds ?? Number.NaN)),
    ]),
  );
  return { wall, indicators };
}

/** Mean seconds an architecture by the PyTorch baseline, as many threads as we have workers. */
async function timePytorch(initChannels: number, threads: number): Promise<number> {
  const args = [BASELINE, GENOTYPES_FILE, initChannels, BATCH, SIZE, threads];
  const { stdout } = await promisify(execFile)('/usr/bin/python3', args.map(String));
  const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as { readonly meanSeconds: number };
  return summary.meanSeconds;
}

export async function engine(options: EngineOptions): Promise<void> {
  const againstPytorch = options.againstPytorch && existsSync(BASELINE);
  if (options.againstPytorch && !againstPytorch) {
    console.error('PyTorch is skipped: its baseline is not beside the project.');
  }
  const genotypes = readGenotypes();
  const opened = await openEngine({ workers: options.workers });
  const results: object[] = [];
  for (const initChannels of options.initChannels) {
    const protocol = protocolOf(initChannels, options.indicators, opened.info.numerics);
    await timeOurs(opened, protocol, genotypes.slice(0, 2 * options.workers));
    const rounds: { readonly ours: Timing; readonly pytorch: number | null }[] = [];
    for (let round = 0; round < options.rounds; round++) {
      const ours = await timeOurs(opened, protocol, genotypes);
      rounds.push({
        ours,
        pytorch: againstPytorch ? await timePytorch(initChannels, options.workers) : null,
      });
    }
    const ofIndicator = (name: IndicatorName): number =>
      median(rounds.map(({ ours }) => ours.indicators[name] ?? Number.NaN));
    const walls = rounds.map(({ ours }) => ours.wall);
    const ratios = rounds.flatMap(({ ours, pytorch }) => (pytorch === null ? [] : [pytorch / ours.wall]));
    const flops = 2 * BATCH * mean(genotypes.map((genotype) => macs(networkOf(genotype, protocol))));
    results.push({
      initChannels,
      secondsAnArchitecture: median(walls),
      indicatorSeconds: Object.fromEntries(options.indicators.map((name) => [name, ofIndicator(name)])),
      nominalGflops: flops / median(walls) / 1e9,
      pytorchSeconds: againstPytorch ? median(rounds.map(({ pytorch }) => pytorch ?? Number.NaN)) : null,
      ratios,
    });
  }
  await opened.close();
  const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
  const kernels = options.kernels ? await timeKernels(5) : [];
  const report = { machine, numerics: opened.info.numerics, ...options, results, kernels };
  console.log(options.json ? JSON.stringify(report) : JSON.stringify(report, null, 2));
}
