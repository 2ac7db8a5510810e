// What every evaluator promises, whoever scores: this process's threads or workers behind a queue.

import { setImmediate } from 'node:timers/promises';
import { openDatasets } from '../../src/data/datasets.ts';
import type { Evaluator } from '../../src/engine/engine.ts';
import type { Computing } from '../../src/learning/school.ts';
import type { Evaluation } from '../../src/search/evaluation.ts';
import { randomFor } from '../../src/search/random.ts';
import type { Genotype } from '../../src/search/space/space.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import { randomGenotype } from '../../src/search/variation.ts';
import { prepare } from '../../src/service/protocol.ts';
import { TINY } from '../service/laboratory.ts';

const NEVER = new AbortController().signal;
/** Zeros all the way: nothing comes to its output. */
const DEAD: Genotype = [7, 0, 7, 0, 7, 0, 7, 0, 7, 0, 0, 0, 0, 0];
const DEADS: readonly Genotype[] = [DEAD, [...DEAD, ...DEAD]];
const random = randomFor(2, 0, 'variation');
/** Some milliseconds each, of one and two blocks by turns; the dead are among them. */
const GENOTYPES: readonly Genotype[] = Array.from({ length: 12 }, (_, i) =>
  randomGenotype(random, mstf.upperBounds(1 + (i % 2))),
)
  .toSpliced(7, 0, ...DEADS.slice(0, 1))
  .toSpliced(3, 0, ...DEADS.slice(1));

/** But for the time it took. */
const bare = (evaluations: readonly Evaluation[]): unknown =>
  JSON.parse(JSON.stringify(evaluations, (key, value: unknown) => (key === 'seconds' ? 0 : value)));

export interface EvaluatorTerms {
  readonly open: () => Promise<Pick<Computing, 'engine' | 'school'>>;
  /** Scores that may be told of at the same time. */
  readonly atOnce: number;
}

/** `open`: closed by its engine. */
export function evaluatorContract(name: string, { open, atOnce }: EvaluatorTerms): void {
  describe(`an evaluator: ${name}`, () => {
    let computing: Computing;
    let evaluator: Evaluator;
    /** Of each, looked at by itself. */
    let expected: ReadonlyMap<string, Evaluation>;
    beforeAll(async () => {
      computing = await open();
      const datasets = openDatasets({ folders: [], dataFolder: 'absent', download: false });
      const { protocol, batch } = await prepare(
        { datasets, ...computing },
        {
          ...TINY,
          space: 'mstf',
          dataset: 'breastmnist',
          indicators: ['jacobCov', 'synflow'],
          estimateEpochs: 1,
        },
      );
      evaluator = computing.engine.evaluator(protocol, batch);
      const looked = new Map<string, Evaluation>();
      for (const genotype of GENOTYPES)
        looked.set(genotype.join(), (await computing.engine.inspect(genotype, protocol, batch)).evaluation);
      expected = looked;
    });
    afterAll(() => computing.engine.close());

    const expectedOf = (genotypes: readonly Genotype[]): unknown =>
      bare(genotypes.map((one) => expected.get(one.join()) as Evaluation));

    test.each([
      ['as they come', GENOTYPES],
      ['the other way round', GENOTYPES.toReversed()],
      ['one alone', GENOTYPES.slice(0, 1)],
    ])('scores are in the order of the genotypes: %s', async (_, genotypes) => {
      expect(bare(await evaluator.evaluate(genotypes, NEVER))).toEqual(expectedOf(genotypes));
    });

    test('what cannot be scored is infeasible among the others, with its reason', async () => {
      const scored = await evaluator.evaluate(GENOTYPES, NEVER);
      const dead = scored.filter((_, i) => DEADS.includes(GENOTYPES[i] as Genotype));
      expect(dead).toHaveLength(DEADS.length);
      for (const evaluation of dead)
        expect(evaluation).toMatchObject({
          status: 'infeasible',
          reason: expect.stringMatching(/no path/u),
        });
      const others = scored.filter((evaluation) => !dead.includes(evaluation));
      expect(others.map(({ status }) => status)).toContain('ok');
    });

    test('a call with nothing to score has nothing to tell', async () => {
      const told: number[] = [];
      expect(await evaluator.evaluate([], NEVER, async (i) => void told.push(i))).toEqual([]);
      expect(told).toEqual([]);
    });

    test.each([
      ['each', GENOTYPES],
      ['the same one twice', [...GENOTYPES.slice(0, 1), ...GENOTYPES.slice(0, 1)]],
      ['the same ones among others', [...GENOTYPES.slice(0, 4), ...GENOTYPES.slice(1, 6)]],
    ])('%s is told of once a place, and waited for', async (_, genotypes) => {
      const begun: number[] = [];
      const told = new Map<number, Evaluation>();
      // Rather than hang, a call that forgets a place fails.
      const scored = await evaluator.evaluate(
        genotypes,
        AbortSignal.timeout(20_000),
        async (i, evaluation) => {
          begun.push(i);
          await setImmediate();
          told.set(i, evaluation);
        },
      );
      expect(bare(scored)).toEqual(expectedOf(genotypes));
      expect(begun.toSorted((a, b) => a - b)).toEqual(genotypes.map((_, i) => i));
      expect(genotypes.map((_, i) => told.get(i))).toEqual(scored);
    });

    /** Once a call has rejected, and another has been scored, so that what was at work is over. */
    async function expectSilent(told: readonly number[]): Promise<void> {
      const count = told.length;
      expect(count).toBeLessThanOrEqual(atOnce);
      expect(bare(await evaluator.evaluate(GENOTYPES, NEVER))).toEqual(expectedOf(GENOTYPES));
      expect(told).toHaveLength(count);
    }

    test('a listener that rejects ends the call, and no more is told', async () => {
      const full = new Error('the archive is full');
      const told: number[] = [];
      const scoring = evaluator.evaluate(GENOTYPES, NEVER, (i) => {
        told.push(i);
        return Promise.reject(full);
      });
      await expect(scoring).rejects.toBe(full);
      expect(told.length).toBeGreaterThan(0);
      await expectSilent(told);
    });

    test.each(['before it begins', 'as it begins', 'once a score is told'] as const)(
      'a signal that aborts %s ends the call with its reason, and no more is told',
      async (when) => {
        const enough = new Error('enough');
        const stop = new AbortController();
        const told: number[] = [];
        if (when === 'before it begins') stop.abort(enough);
        const scoring = evaluator.evaluate(GENOTYPES, stop.signal, async (i) => {
          told.push(i);
          stop.abort(enough);
        });
        if (when === 'as it begins') stop.abort(enough);
        await expect(scoring).rejects.toBe(enough);
        if (when === 'before it begins') expect(told).toEqual([]);
        await expectSilent(told);
      },
    );
  });
}
