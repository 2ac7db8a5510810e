// What this machine computes on, and whether it computes what it should.

import { loadConfig } from '../config.ts';
import { findDevice } from '../engine/device.ts';
import { BACKEND_NAMES, type BackendName, type EngineInfo } from '../engine/engine.ts';
import { openEngine } from '../engine/pool.ts';
import { type Check, selfTest, type TrainingCheck, trainingTest } from '../engine/selfTest.ts';
import { MedNasError } from '../search/errors.ts';
import { print } from './output.ts';
import { table } from './report.ts';

interface Flags {
  readonly json?: true;
}

/** Null: the backend can be chosen here; else why not. */
async function obstacleOf(name: BackendName): Promise<string | null> {
  try {
    await findDevice(name, 1);
    return null;
  } catch (error) {
    if (error instanceof MedNasError) return error.message;
    throw error;
  }
}

const mebibytes = (bytes: number | null): string =>
  bytes === null ? 'its own' : `${Math.floor(bytes / 2 ** 20)} MiB`;

function page(
  info: EngineInfo,
  backends: Readonly<Record<string, string | null>>,
  checks: readonly Check[],
  training: TrainingCheck,
): string {
  const facts = table([
    ['backend', info.backend],
    ['adapter', info.adapter ?? 'the CPU'],
    ['SIMD', info.simd ?? 'none of ours'],
    ['numerics', info.numerics],
    ['cores', String(info.cores)],
    ['workers', String(info.workers)],
    ['memory', mebibytes(info.memory)],
    ['memory a worker', mebibytes(info.workerMemory)],
  ]);
  const choices = Object.entries(backends).map(
    ([name, obstacle]) => `${name}: ${obstacle ?? 'can be chosen'}`,
  );
  const rows = [
    ...checks.map(({ indicator, ...check }) => ({ what: indicator, ...check })),
    { what: 'a loss in training', ...training },
  ].map(({ what, value, wanted, tolerance, passed }) => [
    what,
    value ?? 'not finite',
    wanted,
    tolerance.toPrecision(2),
    passed ? 'passed' : 'FAILED',
  ]);
  const test = table([['self-test', 'value', 'exact', 'tolerance', ''], ...rows]);
  return [facts, ['MEDNAS_BACKEND may be', ...choices].join('\n  '), test].join('\n\n');
}

/** Exit code 1 when a check fails. */
export async function runDoctor({ json }: Flags): Promise<void> {
  const engine = await openEngine(loadConfig());
  try {
    const checks = await selfTest(engine);
    const training = await trainingTest(engine);
    const backends = Object.fromEntries(
      await Promise.all(BACKEND_NAMES.map(async (name) => [name, await obstacleOf(name)] as const)),
    );
    await print(
      json
        ? JSON.stringify({ engine: engine.info, backends, selfTest: checks, training })
        : page(engine.info, backends, checks, training),
    );
    if (![...checks, training].every(({ passed }) => passed)) process.exitCode = 1;
  } finally {
    await engine.close();
  }
}
