import fc from 'fast-check';
import {
  fmix32,
  fnv1a32,
  permutation,
  pick,
  type Purpose,
  randomFor,
  randomInt,
  streamKey,
  uniformAt,
} from '../../src/search/random.ts';
import { scripted } from './genotypes.ts';

// The definitions again, over integers that cannot overflow.
const MASK = 0xffffffffn;
const mix = (x: number): bigint => {
  let h = BigInt(x) & MASK;
  h = ((h ^ (h >> 16n)) * 0x85ebca6bn) & MASK;
  h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) & MASK;
  return h ^ (h >> 16n);
};
const fnv = (text: string): bigint =>
  [...Buffer.from(text, 'utf8')].reduce((h, byte) => ((h ^ BigInt(byte)) * 16777619n) & MASK, 2166136261n);

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('fmix32', () => {
  test.each([
    [0, 0],
    [1, 0x514e28b7],
    [0xffffffff, 0x81f16f39],
  ])('of %i is %i', (x, hash) => {
    expect(fmix32(x)).toBe(hash);
  });

  test('is MurmurHash3’s finaliser', () => {
    fc.assert(fc.property(word, (x) => expect(fmix32(x)).toBe(Number(mix(x)))));
  });

  test('takes a signed word for the unsigned one', () => {
    expect(fmix32(-1)).toBe(fmix32(0xffffffff));
  });
});

describe('fnv1a32', () => {
  // From the test suite of Fowler, Noll and Vo.
  test.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['b', 0xe70c2de5],
    ['foobar', 0xbf9cf968],
  ])('of %j is %i', (text, hash) => {
    expect(fnv1a32(text)).toBe(hash);
  });

  test('is over UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => expect(fnv1a32(text)).toBe(Number(fnv(text)))),
    );
    expect(fnv1a32('é')).not.toBe(fnv1a32('\u{e9}'.normalize('NFD')));
  });
});

describe('streams', () => {
  test('the key is fmix32(fnv1a32(path) XOR seed)', () => {
    fc.assert(
      fc.property(fc.string(), word, (path, seed) => {
        expect(streamKey(seed, path)).toBe(Number(mix(Number(fnv(path) ^ BigInt(seed)))));
      }),
    );
  });

  test('u_i is (fmix32(key + i * 0x9E3779B1 mod 2^32) >>> 8) * 2^-24', () => {
    fc.assert(
      fc.property(word, fc.nat({ max: 2 ** 31 - 1 }), (key, i) => {
        const counter = (BigInt(key) + BigInt(i) * 0x9e3779b1n) & MASK;
        expect(uniformAt(key, i)).toBe(Number(mix(Number(counter)) >> 8n) / 2 ** 24);
      }),
    );
  });

  test('a source draws the stream of its name in sequence', () => {
    const random = randomFor(7, 3, 'variation');
    const key = streamKey(7, 'search/3/variation');
    expect([random(), random(), random()]).toEqual([0, 1, 2].map((i) => uniformAt(key, i)));
  });

  test('two sources of one name draw the same, whatever is drawn in between', () => {
    const [a, b] = [randomFor(1, 2, 'batch'), randomFor(1, 2, 'batch')];
    const alone = Array.from({ length: 5 }, a);
    const mixed = Array.from({ length: 5 }, () => {
      randomFor(1, 2, 'variation')();
      return b();
    });
    expect(mixed).toEqual(alone);
  });

  test('sources that differ in seed, generation or purpose are unrelated', () => {
    const names = [0, 1, 2 ** 32 - 1].flatMap((seed) =>
      [0, 1, 11].flatMap((generation) =>
        (['variation', 'immigrants', 'batch'] as const).map(
          (purpose: Purpose) => [seed, generation, purpose] as const,
        ),
      ),
    );
    const N = 2000;
    const centred = names.map((name) => {
      const random = randomFor(...name);
      return Float64Array.from({ length: N }, () => random() - 0.5);
    });
    const covariance = (a: Float64Array, b: Float64Array): number =>
      a.reduce((sum, x, i) => sum + x * (b[i] as number), 0) / N;
    centred.forEach((a, i) => {
      expect(covariance(a, a)).toBeCloseTo(1 / 12, 2);
      // 5 sigma of a sample covariance of independent uniforms: 5 / 12 / sqrt(2000).
      for (const b of centred.slice(i + 1)) expect(Math.abs(covariance(a, b))).toBeLessThan(0.0094);
    });
  });
});

describe('randomInt', () => {
  test.each([
    [0, 6, 0],
    [0.5, 6, 3],
    [1 - 2 ** -24, 6, 5],
    [1 - 2 ** -24, 1, 0],
  ])('u = %f over 0..%i-1 gives %i', (u, n, value) => {
    expect(randomInt(() => u, n)).toBe(value);
  });

  test('every value is as likely', () => {
    const random = randomFor(0, 0, 'variation');
    const counts = Array.from({ length: 6 }, () => 0);
    for (let i = 0; i < 6000; i++) counts[randomInt(random, 6)]!++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

describe('pick', () => {
  test('draws an element', () => {
    expect(pick(scripted(0.4), ['a', 'b', 'c'])).toBe('b');
  });
  test('refuses an empty list', () => {
    expect(() => pick(scripted(0.4), [])).toThrow('empty');
  });
});

describe('permutation', () => {
  test('holds each of 0..n-1 once', () => {
    fc.assert(
      fc.property(word, fc.nat({ max: 300 }), (seed, n) => {
        const order = permutation(randomFor(seed, 0, 'batch'), n);
        expect([...order].toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  test('every order is as likely', () => {
    const random = randomFor(0, 0, 'batch');
    const counts = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = permutation(random, 4).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(110);
  });
});
