// Scores networks given as cases in the goldens' format (spec section 3): input i is 2u-1 of path
// `input` over [N, H, W, C], label n is n mod classes.

import { readFile } from 'node:fs/promises';
import { type Case, inspectCase, pixelsOf } from '../engine/cases.ts';
import type { Engine } from '../engine/engine.ts';
import { MedNasError } from '../search/errors.ts';
import { type Genotype, parseGenotype } from '../search/space/space.ts';
import { mstf } from '../search/space/mstf.ts';
import { openEngine } from '../engine/pool.ts';
import { configWith } from './flags.ts';
import { print } from './output.ts';
import { indicatorValues, table } from './report.ts';

/** What each number of a case may be: [smallest, largest, multiple of]. */
const BOUNDS: Readonly<Record<Exclude<keyof Case, 'genotype'>, readonly [number, number, number]>> = {
  seed: [0, 2 ** 32 - 1, 1],
  initChannels: [4, 512, 4],
  inputChannels: [1, 16, 1],
  classes: [1, 1000, 1],
  batch: [2, 1024, 1],
  size: [1, 512, 1],
};

/** Of float32 images. */
const MAX_IMAGE_BYTES = 2 ** 31;

function genotypeOf(genes: unknown, index: number): Genotype {
  try {
    return parseGenotype(mstf, genes, `${index}.genotype`);
  } catch (error) {
    if (!(error instanceof MedNasError)) throw error;
    const { code, message, field } = error;
    const said = genes === undefined ? 'it has no genotype.' : message;
    throw new MedNasError(code, `Case ${index}: ${said}`, { field: field ?? `${index}`, cause: error });
  }
}

function parseCase(given: unknown, index: number): Case {
  if (typeof given !== 'object' || given === null) {
    throw new MedNasError('INVALID_ARGUMENT', `Case ${index} is not an object.`, { field: `${index}` });
  }
  const fields = given as Readonly<Record<string, unknown>>;
  for (const [name, [min, max, multiple]] of Object.entries(BOUNDS)) {
    const value = fields[name];
    if (
      !Number.isInteger(value) ||
      Number(value) < min ||
      Number(value) > max ||
      Number(value) % multiple !== 0
    ) {
      const step = multiple === 1 ? 'an integer' : `a multiple of ${multiple}`;
      throw new MedNasError(
        'INVALID_ARGUMENT',
        `Case ${index}: ${name} is ${step} from ${min} to ${max}; got ${JSON.stringify(value) ?? 'nothing'}.`,
        { field: `${index}.${name}` },
      );
    }
  }
  const { seed, initChannels, inputChannels, classes, batch, size } = fields as unknown as Case;
  const genotype = genotypeOf(fields['genotype'], index);
  const parsed = { genotype, seed, initChannels, inputChannels, classes, batch, size };
  if (4 * pixelsOf(parsed) > MAX_IMAGE_BYTES) {
    throw new MedNasError(
      'INVALID_ARGUMENT',
      `Case ${index}: a batch of ${batch} images of ${size} x ${size} x ${inputChannels} takes over 2 GiB.`,
      { field: `${index}.batch` },
    );
  }
  return parsed;
}

/** @throws MedNasError INVALID_ARGUMENT when the file is not a JSON array of cases; INVALID_GENOTYPE. */
async function readCases(path: string): Promise<readonly Case[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new MedNasError('INVALID_ARGUMENT', `The cases cannot be read from '${path}'.`, {
      field: 'cases',
      cause,
    });
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new MedNasError('INVALID_ARGUMENT', `'${path}' is not JSON.`, { field: 'cases', cause });
  }
  if (!Array.isArray(parsed)) {
    throw new MedNasError('INVALID_ARGUMENT', `'${path}' is not a JSON array of cases.`, { field: 'cases' });
  }
  return parsed.map(parseCase);
}

/** The case's fields with what was computed for it. */
async function scoreCase(engine: Engine, given: Case) {
  const { evaluation, reluUnits, kernelRow0, logits0 } = await inspectCase(engine, given);
  return {
    ...given,
    feasible: evaluation.status === 'ok',
    reason: evaluation.status === 'ok' ? null : evaluation.reason,
    macs: evaluation.macs,
    params: evaluation.params,
    reluUnits,
    kernelRow0,
    ...indicatorValues(evaluation.scores),
    logits0,
    seconds: Object.fromEntries(
      Object.entries(evaluation.scores).map(([name, { seconds }]) => [name, seconds]),
    ),
  };
}

type ScoredCase = Awaited<ReturnType<typeof scoreCase>>;

/** As many at a time as there are workers: the images of all at once may not fit. */
async function scoreAll(engine: Engine, cases: readonly Case[]): Promise<readonly ScoredCase[]> {
  const scored: ScoredCase[] = [];
  const entries = cases.entries();
  const lane = async (): Promise<void> => {
    for (const [i, one] of entries) scored[i] = await scoreCase(engine, one);
  };
  await Promise.all(Array.from({ length: engine.info.workers }, lane));
  return scored;
}

interface Flags {
  readonly cases: string;
  readonly workers?: string;
  readonly json?: true;
}

export async function runScore({ cases, workers, json }: Flags): Promise<void> {
  const config = configWith(workers);
  const given = await readCases(cases);
  const engine = await openEngine(config);
  try {
    const scored = await scoreAll(engine, given);
    if (json) {
      await print(JSON.stringify(scored));
      return;
    }
    const columns = ['macs', 'params', 'reluUnits', 'jacobCov', 'synflow', 'logSynflow', 'feasible'] as const;
    const rows = scored.map((one) => columns.map((column) => String(one[column as 'macs'])));
    await print(table([columns, ...rows]));
  } finally {
    await engine.close();
  }
}
