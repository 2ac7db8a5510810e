import { outcomeOf, valueOf } from '../../src/engine/outcome.ts';
import { MedNasError } from '../../src/search/errors.ts';

/** As between threads. */
const sent = async (run: () => unknown): Promise<unknown> => valueOf(structuredClone(await outcomeOf(run)));

test('a result comes as it is', async () => {
  await expect(sent(() => ({ a: [1, null] }))).resolves.toEqual({ a: [1, null] });
  await expect(sent(() => Promise.resolve(7))).resolves.toBe(7);
});

test('what was thrown is thrown, with its message', async () => {
  await expect(
    sent(() => {
      throw new TypeError('a bug');
    }),
  ).rejects.toMatchObject({ name: 'TypeError', message: 'a bug' });
  await expect(sent(() => Promise.reject(new Error('later')))).rejects.toMatchObject({ message: 'later' });
});

test.each([{ field: 'labels' }, {}])('a MedNasError stays one, %p', async (options) => {
  const error = new MedNasError('CORRUPT_DATASET', 'label 7 of 3 classes', options);
  const received: unknown = await sent(() => Promise.reject(error)).catch((thrown: unknown) => thrown);
  expect(received).toBeInstanceOf(MedNasError);
  expect(received).toMatchObject({ code: error.code, message: error.message, field: error.field });
});
