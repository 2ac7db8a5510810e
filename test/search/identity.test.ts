import fc from 'fast-check';
import { createHash } from 'node:crypto';
import type { Protocol } from '../../src/search/evaluation.ts';
import { architectureId, protocolId } from '../../src/search/identity.ts';
import { anyGenotype } from './genotypes.ts';

const PROTOCOL: Protocol = {
  space: 'mstf',
  dataset: 'breastmnist',
  batch: 'ab'.repeat(32),
  batchSize: 64,
  input: [28, 28, 1],
  classes: 2,
  multiLabel: false,
  initChannels: 16,
  seed: 0,
  indicators: ['jacobCov', 'synflow'],
  numerics: 'wasm-1',
};

describe('architectureId', () => {
  test('is the start of a SHA-256, the same on every machine', () => {
    const hash = createHash('sha256').update('["mstf",[0,0,1,1]]').digest('hex');
    expect(architectureId('mstf', [0, 0, 1, 1])).toBe(hash.slice(0, 24));
  });

  test('tells genotypes and spaces apart', () => {
    fc.assert(
      fc.property(anyGenotype(1, 2), anyGenotype(1, 2), (a, b) => {
        expect(architectureId('mstf', a) === architectureId('mstf', b)).toBe(String(a) === String(b));
        expect(architectureId('mstf', a)).not.toBe(architectureId('other', a));
      }),
    );
    expect(architectureId('mstf', [1, 12])).not.toBe(architectureId('mstf', [11, 2]));
  });
});

describe('protocolId', () => {
  test('is equal for equal protocols, whatever the order of their fields', () => {
    const reversed = Object.fromEntries(Object.entries(PROTOCOL).toReversed()) as unknown as Protocol;
    expect(Object.keys(reversed)).not.toEqual(Object.keys(PROTOCOL));
    expect(protocolId(reversed)).toBe(protocolId(PROTOCOL));
    expect(protocolId(JSON.parse(JSON.stringify(PROTOCOL)) as Protocol)).toBe(protocolId(PROTOCOL));
  });

  const changes: { readonly [K in keyof Protocol]: Protocol[K] } = {
    space: 'other',
    dataset: 'pneumoniamnist',
    batch: 'cd'.repeat(32),
    batchSize: 32,
    input: [28, 28, 3],
    classes: 3,
    multiLabel: true,
    initChannels: 8,
    seed: 1,
    indicators: ['synflow', 'jacobCov'],
    numerics: 'wasm-2',
  };
  test.each(Object.entries(changes))('changes with %s', (name, value) => {
    expect(protocolId({ ...PROTOCOL, [name]: value })).not.toBe(protocolId(PROTOCOL));
  });
});
