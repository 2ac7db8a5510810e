// Sign codes of activations and the Hamming distances between them (NASWOT). A code is a bit a unit,
// 1 where the value is > 0 (so 0 for NaN), a pixel's channels in ceil(C / 8) bytes; an image's code is
// padded with zeros to a multiple of 16 bytes. The order of bits is of no consequence, as long as it
// is the same for every image.

/** Bytes of one pixel's code. */
@inline
export function codeRowBytes(channels: i32): usize {
  return <usize>((channels + 7) >> 3);
}

/** Bit i of 4 tells whether value i is > 0. */
@inline
export function codeBits4(v: v128): i32 {
  return i32x4.bitmask(f32x4.gt(v, f32x4.splat(0)));
}

/** Bit i of 16 tells whether value i is > 0. */
@inline
export function codeBits16(v0: v128, v1: v128, v2: v128, v3: v128): i32 {
  const zero = f32x4.splat(0);
  const low = i16x8.narrow_i32x4_s(f32x4.gt(v0, zero), f32x4.gt(v1, zero));
  const high = i16x8.narrow_i32x4_s(f32x4.gt(v2, zero), f32x4.gt(v3, zero));
  return i8x16.bitmask(i8x16.narrow_i16x8_s(low, high));
}

/** Writes the code of up to 16 channels. */
@inline
export function storeCode(to: usize, bits: i32, channels: i32): void {
  if (channels > 8) store<u16>(to, <u16>bits);
  else store<u8>(to, <u8>bits);
}

@inline
function difference(word: i64, b: usize): i64 {
  return popcnt<i64>(word ^ load<i64>(b));
}

@inline
function addSymmetric(matrix: usize, images: i32, i: i32, j: i32, amount: i32): void {
  const upper = matrix + ((<usize>(i * images + j)) << 2);
  store<i32>(upper, load<i32>(upper) + amount);
  const lower = matrix + ((<usize>(j * images + i)) << 2);
  store<i32>(lower, load<i32>(lower) + amount);
}

/**
 * Adds `times` the Hamming distance of every two codes to the i32 matrix [images, images]. One code is
 * held against four others, a word at a time: the processor's own popcnt, which a vector of table
 * look-ups does not beat.
 */
export function hamming(images: i32, codes: usize, codeStride: usize, times: i32, matrix: usize): void {
  for (let i = 0; i < images; i++) {
    const a = codes + <usize>i * codeStride;
    let j = i + 1;
    for (; j + 4 <= images; j += 4) {
      const b0 = codes + <usize>j * codeStride;
      const b1 = b0 + codeStride;
      const b2 = b1 + codeStride;
      const b3 = b2 + codeStride;
      let d0: i64 = 0;
      let d1: i64 = 0;
      let d2: i64 = 0;
      let d3: i64 = 0;
      for (let at: usize = 0; at < codeStride; at += 8) {
        const word = load<i64>(a + at);
        d0 += difference(word, b0 + at);
        d1 += difference(word, b1 + at);
        d2 += difference(word, b2 + at);
        d3 += difference(word, b3 + at);
      }
      addSymmetric(matrix, images, i, j, times * <i32>d0);
      addSymmetric(matrix, images, i, j + 1, times * <i32>d1);
      addSymmetric(matrix, images, i, j + 2, times * <i32>d2);
      addSymmetric(matrix, images, i, j + 3, times * <i32>d3);
    }
    for (; j < images; j++) {
      const b = codes + <usize>j * codeStride;
      let d: i64 = 0;
      for (let at: usize = 0; at < codeStride; at += 8) d += difference(load<i64>(a + at), b + at);
      addSymmetric(matrix, images, i, j, times * <i32>d);
    }
  }
}
