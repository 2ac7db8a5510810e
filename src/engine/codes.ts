// Sign codes and their Hamming kernel, written to be obvious: the specification of the SIMD ones.

/** Words of 32 bits for `units` bits. */
const words = (units: number): number => Math.ceil(units / 32);

/** Code bits of [n, units] activations, bit = value > 0, a row of 32-bit words an image. */
export function packSigns(values: Float32Array, n: number): Uint32Array {
  const units = values.length / n;
  const row = words(units);
  const codes = new Uint32Array(n * row);
  for (let i = 0; i < n; i++) {
    for (let u = 0; u < units; u++) {
      if ((values[i * units + u] as number) > 0) {
        const word = i * row + (u >>> 5);
        codes[word] = (codes[word] as number) | (1 << (u & 31));
      }
    }
  }
  return codes;
}

function popcount(x: number): number {
  const pairs = x - ((x >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Adds the Hamming distances between n codes to an n x n matrix, row-major. */
export function addHamming(distances: Float64Array, codes: Uint32Array, n: number): void {
  const row = codes.length / n;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      let distance = 0;
      for (let w = 0; w < row; w++) {
        distance += popcount((codes[i * row + w] as number) ^ (codes[j * row + w] as number));
      }
      distances[i * n + j] = (distances[i * n + j] as number) + distance;
      distances[j * n + i] = distances[i * n + j] as number;
    }
  }
}
