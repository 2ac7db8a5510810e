// `mednas score`: the goldens, and networks nobody has seen before.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { evaluate } from '../../src/engine/evaluate.ts';
import { openTfjs } from '../../src/engine/tfjs.ts';
import { TRAINING_FREE, type Protocol } from '../../src/search/evaluation.ts';
import { reluUnits } from '../../src/search/network.ts';
import { randomFor, streamKey, uniformAt } from '../../src/search/random.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import { randomGenotype } from '../../src/search/variation.ts';
import { type Golden, GOLDENS } from '../golden/goldens.ts';
import { scratchFolders } from '../service/laboratory.ts';
import { mednas } from './mednas.ts';

const GOLDEN_FILE = fileURLToPath(new URL('../golden/networks.json', import.meta.url));
const newFolder = scratchFolders();

type Case = Pick<
  Golden,
  'genotype' | 'seed' | 'initChannels' | 'inputChannels' | 'classes' | 'batch' | 'size'
>;
type Computed = Pick<
  Golden,
  | 'macs'
  | 'params'
  | 'reluUnits'
  | 'kernelRow0'
  | 'jacobCov'
  | 'gradNorm'
  | 'snip'
  | 'grasp'
  | 'synflow'
  | 'logSynflow'
  | 'fisher'
  | 'logits0'
> & { readonly feasible: boolean; readonly reason: string | null };
type Scored = Case & Computed;

/** Scores cases in a process of its own. */
async function score(cases: unknown, ...args: readonly string[]): Promise<readonly Scored[]> {
  const cwd = newFolder();
  const file = join(cwd, 'cases.json');
  writeFileSync(file, JSON.stringify(cases));
  const { code, stdout, stderr } = await mednas(['score', '--cases', file, '--json', ...args], { cwd });
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as readonly Scored[];
}

const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs));
const distance = (a: readonly number[], b: readonly number[]): number =>
  largest(a.map((value, i) => value - (b[i] as number)));
/** Both null, or both numbers so near. */
function expectNear(value: number | null, wanted: number | null, tolerance: number): void {
  expect(value === null).toBe(wanted === null);
  expect(Math.abs((value ?? 0) - (wanted ?? 0))).toBeLessThanOrEqual(tolerance);
}

/** By the tolerances of the specification, section 3. */
function expectAgreement(scored: Scored, wanted: Pick<Golden, keyof Computed & keyof Golden>): void {
  const { macs, params, reluUnits: units } = wanted;
  expect(scored).toMatchObject({ macs, params, reluUnits: units });
  expect(scored.kernelRow0).toHaveLength(wanted.kernelRow0.length);
  expect(distance(scored.kernelRow0, wanted.kernelRow0)).toBeLessThanOrEqual(2e-4 * units);
  expect(scored.logits0).toHaveLength(wanted.logits0.length);
  expect(distance(scored.logits0, wanted.logits0)).toBeLessThanOrEqual(1e-3 * largest(wanted.logits0));
  expectNear(scored.jacobCov, wanted.jacobCov, 0.005);
  expectNear(scored.logSynflow, wanted.logSynflow, 1e-3 * Math.abs(wanted.logSynflow ?? 0));
  expectNear(scored.synflow, wanted.synflow, 0.1 * Math.abs(wanted.synflow ?? 0));
  for (const [name, tolerance] of Object.entries({ gradNorm: 1e-3, snip: 1e-3, fisher: 1e-3, grasp: 1e-2 })) {
    const indicator = name as 'gradNorm';
    expectNear(scored[indicator], wanted[indicator], tolerance * Math.abs(wanted[indicator] ?? 0));
  }
}

test('agrees with the goldens', async () => {
  const cwd = newFolder();
  const { code, stdout } = await mednas(['score', '--cases', GOLDEN_FILE, '--json'], { cwd });
  expect(code).toBe(0);
  const scored = JSON.parse(stdout) as readonly Scored[];
  expect(scored).toHaveLength(GOLDENS.length);
  for (const [i, golden] of GOLDENS.entries()) {
    expectAgreement(scored[i] as Scored, golden);
    expect(scored[i]?.genotype).toEqual(golden.genotype);
    expect(scored[i]?.feasible).toBe(golden.jacobCov !== null && golden.logSynflow !== null);
  }
});

/** Cases of every kind: one to four blocks, odd sizes, channels, batches and classes. */
function anyCases(count: number): readonly Case[] {
  const random = randomFor(2026, 0, 'variation');
  const oneOf = (values: readonly number[]): number => values[Math.floor(random() * values.length)] as number;
  return Array.from({ length: count }, (_, i) => ({
    genotype: randomGenotype(random, mstf.upperBounds(1 + (i % 4))),
    seed: Math.floor(random() * 2 ** 32),
    initChannels: oneOf([4, 8, 12, 20]),
    inputChannels: oneOf([1, 2, 3, 5]),
    classes: oneOf([1, 2, 9, 14]),
    batch: oneOf([2, 3, 7, 12]),
    size: oneOf([7, 16, 28, 33]),
  }));
}

/** By the slow and obvious backend, which is held to the goldens too. */
async function scoredByTfjs(given: Case) {
  const { genotype, seed, initChannels, inputChannels, classes, batch, size } = given;
  const key = streamKey(seed, 'input');
  const images = Float32Array.from(
    { length: batch * size * size * inputChannels },
    (_, i) => 2 * uniformAt(key, i) - 1,
  );
  const protocol: Protocol = {
    space: 'mstf',
    dataset: 'case',
    batch: 'case',
    batchSize: batch,
    input: [size, size, inputChannels],
    classes,
    multiLabel: false,
    initChannels,
    seed,
    indicators: TRAINING_FREE,
    numerics: 'tfjs',
  };
  const backend = await openTfjs();
  const labels = Int32Array.from({ length: batch }, (_, n) => n % classes);
  const evaluation = await evaluate({ genotype, protocol, batch: { images, labels } }, backend);
  const network = mstf.build(genotype, protocol);
  const { distances, logits } = await backend.activity(
    network,
    { images, labels },
    protocol.input,
    seed,
    true,
  );
  const { jacobCov, synflow, gradNorm, snip, grasp, fisher } = evaluation.scores;
  const units = reluUnits(network);
  return {
    macs: evaluation.macs,
    params: evaluation.params,
    reluUnits: units,
    kernelRow0: Array.from(distances.subarray(0, batch), (distance) => units - distance),
    logits0: [...logits.subarray(0, classes)],
    jacobCov: jacobCov?.value ?? null,
    gradNorm: gradNorm?.value ?? null,
    snip: snip?.value ?? null,
    grasp: grasp?.value ?? null,
    fisher: fisher?.value ?? null,
    synflow: synflow?.value ?? null,
    logSynflow: synflow?.log ?? null,
    feasible: evaluation.status === 'ok',
  };
}

test('agrees on networks of every kind with the reference backend, in the order of the cases', async () => {
  const cases = anyCases(16);
  const scored = await score(cases);
  expect(scored).toHaveLength(cases.length);
  for (const [i, one] of cases.entries()) {
    const wanted = await scoredByTfjs(one);
    expect(scored[i]).toMatchObject(one);
    expect(scored[i]?.feasible).toBe(wanted.feasible);
    expectAgreement(scored[i] as Scored, wanted);
  }
  // Most of random networks are feasible, so most comparisons compared something.
  expect(scored.filter(({ feasible }) => feasible).length).toBeGreaterThan(6);
});

test('does not depend on the workers', async () => {
  const cases = anyCases(5);
  const withoutTimes = (scored: readonly object[]) => scored.map((one) => ({ ...one, seconds: null }));
  const [one, three] = [await score(cases, '--workers', '1'), await score(cases, '--workers', '3')];
  expect(withoutTimes(three)).toEqual(withoutTimes(one));
});

test('what a case says beyond its network is not taken for computed', async () => {
  const [given] = anyCases(1);
  const claims = { macs: 1, jacobCov: 1, gradNorm: 123_456, fisherBroadcast: 2, logits0: [9], note: 'x' };
  const [claimed, plain] = await score([{ ...given, ...claims }, given]);
  expect({ ...claimed, seconds: null }).toEqual({ ...plain, seconds: null });
});

test('a network without a live path is infeasible, and says why; the others are scored', async () => {
  const [given] = anyCases(1);
  const zero = { ...given, genotype: [7, 0, 7, 1, 7, 2, 7, 3, 7, 4, 0, 0, 0, 0] };
  const scored = await score([zero, given]);
  expect(scored[0]).toMatchObject({ feasible: false, reason: expect.stringMatching(/synflow/u) });
  expect(scored[0]).toMatchObject({ macs: expect.any(Number), logSynflow: null });
  expect(scored[1]).toMatchObject({ feasible: true, reason: null });
});

test('no cases are no error', async () => {
  expect(await score([])).toEqual([]);
});

test('for people it prints a table', async () => {
  const { code, stdout } = await mednas(['score', '--cases', GOLDEN_FILE], { cwd: newFolder() });
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(1 + GOLDENS.length);
  expect(lines[0]).toMatch(/macs +params +reluUnits/u);
  expect(lines[1]).toMatch(/^4549696 +52033 +83888 /u);
});
