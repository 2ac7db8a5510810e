import fc from 'fast-check';
import { addHamming, packSigns } from '../../src/engine/codes.ts';

test('a bit is 1 where the value is above 0, a row of words an image', () => {
  const values = Float32Array.from({ length: 2 * 33 }, (_, i) => (i % 33 === 32 || i === 0 ? 1 : -1));
  expect([...packSigns(values, 2)]).toEqual([1, 1, 0, 1]);
});

test.each([0, -0, -1, Number.NaN])('%p has bit 0', (value) => {
  expect([...packSigns(Float32Array.of(value), 1)]).toEqual([0]);
});

test.each([1, 31, 32, 33, 64, 65])('%p units have a bit each, the first the lowest', (units) => {
  for (let u = 0; u < units; u++) {
    const values = Float32Array.from({ length: 2 * units }, (_, i) => (i === units + u ? 1 : 0));
    const words = [...packSigns(values, 2)];
    const row = Math.ceil(units / 32);
    expect(words).toHaveLength(2 * row);
    expect(words.map((word, i) => (i === row + Math.floor(u / 32) ? word : 0))).toEqual(words);
    expect(words[row + Math.floor(u / 32)]).toBe(2 ** (u % 32));
  }
});

test('distances are the numbers of units that differ, added to what was there', () => {
  const signs = fc.array(fc.array(fc.boolean(), { minLength: 70, maxLength: 70 }), {
    minLength: 2,
    maxLength: 5,
  });
  fc.assert(
    fc.property(signs, (images) => {
      const n = images.length;
      const values = Float32Array.from(images.flat(), (bit) => (bit ? 0.5 : -0.5));
      const distances = new Float64Array(n * n).fill(3);
      addHamming(distances, packSigns(values, n), n);
      images.forEach((a, i) =>
        images.forEach((b, j) => {
          const differing = a.filter((bit, u) => bit !== b[u]).length;
          expect(distances[i * n + j]).toBe(3 + differing);
        }),
      );
    }),
  );
});
