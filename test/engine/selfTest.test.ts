import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { selfTest } from '../../src/engine/selfTest.ts';
import { TRAINING_FREE } from '../../src/search/evaluation.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ workers: 1 });
});
afterAll(() => engine.close());

test('this machine computes what it should, every indicator', async () => {
  const checks = await selfTest(engine);
  expect(checks.map(({ indicator }) => indicator).toSorted()).toEqual(TRAINING_FREE.toSorted());
  expect(checks.filter(({ passed }) => !passed)).toEqual([]);
});

test.each([
  ['a value too far off', { value: 119, seconds: 0 }, 119],
  ['one that is not finite', { value: null, seconds: 0 }, null],
  ['none at all', undefined, null],
])('%s is told', async (_, jacobCov, value) => {
  const broken: Engine = {
    ...engine,
    async inspect(...asked) {
      const { evaluation, ...rest } = await engine.inspect(...asked);
      const { jacobCov: sound, ...others } = evaluation.scores;
      expect(sound).toBeDefined();
      const scores = jacobCov === undefined ? others : { ...others, jacobCov };
      return { evaluation: { ...evaluation, scores }, ...rest };
    },
  };
  const checks = await selfTest(broken);
  expect(checks.filter(({ passed }) => !passed)).toMatchObject([{ indicator: 'jacobCov', value }]);
});
