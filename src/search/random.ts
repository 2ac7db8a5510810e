// Counter-based pseudo-random numbers: every draw is a pure function of (key, index), so nothing
// depends on the order in which work is done. Weights (spec section 2) and the search's own
// randomness (section 5) share the same two integer hashes.

/** MurmurHash3's 32-bit finaliser, a bijection on 32-bit integers (Appleby, 2011). */
export function fmix32(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** FNV-1a over the UTF-8 bytes of `text`, 32 bits. */
export function fnv1a32(text: string): number {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193);
  return h >>> 0;
}

/** The key of a named stream under a seed: `fmix32(fnv1a32(path) XOR seed)` (spec section 2). */
export function streamKey(seed: number, path: string): number {
  return fmix32(fnv1a32(path) ^ seed);
}

const GOLDEN_GAMMA = 0x9e3779b1;

/** The `index`-th uniform of a stream: a multiple of 2^-24 in [0, 1). */
export function uniformAt(key: number, index: number): number {
  return (fmix32((key + Math.imul(index, GOLDEN_GAMMA)) | 0) >>> 8) * 2 ** -24;
}

/** A source of uniforms in [0, 1). Draws in sequence; two sources of one key draw the same. */
export type Random = () => number;

/** What a stream is for: streams of different purposes are independent. */
export type Purpose = 'variation' | 'immigrants' | 'batch' | 'training';

/** The stream of one purpose in one generation. */
export function randomFor(seed: number, generation: number, purpose: Purpose): Random {
  const key = streamKey(seed, `search/${generation}/${purpose}`);
  let index = 0;
  return () => uniformAt(key, index++);
}

/** A uniform integer in 0..n-1. */
export function randomInt(random: Random, n: number): number {
  return Math.floor(random() * n);
}

/** A uniformly drawn element; `items` must not be empty. */
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[randomInt(random, items.length)];
  if (item === undefined) throw new Error('pick from an empty list');
  return item;
}

/** A uniform permutation of 0..n-1 (Fisher-Yates). */
export function permutation(random: Random, n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = randomInt(random, i + 1);
    const moved = order[i] as number;
    order[i] = order[j] as number;
    order[j] = moved;
  }
  return order;
}
