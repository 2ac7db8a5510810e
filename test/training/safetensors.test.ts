import fc from 'fast-check';
import { decodeTensors, encodeTensors, type TensorFile } from '../../src/training/safetensors.ts';

const FILE: TensorFile = {
  tensors: [
    { name: 'stem.conv.weight', shape: [1, 1, 1, 2], values: Float32Array.of(1, -2.5) },
    { name: 'head.dense.bias', shape: [3], values: Float32Array.of(0, 3e38, 1e-40) },
  ],
  metadata: { seed: '1' },
};

test('what is written is read', () => {
  expect(decodeTensors(encodeTensors(FILE))).toEqual(FILE);
});

test('the layout is the published one', () => {
  const bytes = encodeTensors(FILE);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  expect(header).toEqual({
    __metadata__: { seed: '1' },
    'stem.conv.weight': { dtype: 'F32', shape: [1, 1, 1, 2], data_offsets: [0, 8] },
    'head.dense.bias': { dtype: 'F32', shape: [3], data_offsets: [8, 20] },
  });
  expect(length % 8).toBe(0);
  expect(bytes.length).toBe(8 + length + 20);
});

function outcomeOf(bytes: Uint8Array): unknown {
  try {
    decodeTensors(bytes);
    return 'read';
  } catch (error) {
    return (error as { readonly code?: unknown }).code;
  }
}

test('a damaged file is refused in words, or read', () => {
  const whole = encodeTensors(FILE);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: whole.length }),
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }),
      (length, changes) => {
        const bytes = whole.slice(0, length);
        for (const [at, value] of changes) if (at < length) bytes[at] = value;
        expect(['read', 'STORAGE_CORRUPT']).toContain(outcomeOf(bytes));
      },
    ),
  );
  expect(() => decodeTensors(whole.subarray(0, whole.length - 1))).toThrow('head.dense.bias');
});
