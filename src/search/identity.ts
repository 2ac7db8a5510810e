// What an architecture and a score are called: hashes of everything they depend on.

import { createHash } from 'node:crypto';
import type { Protocol } from './evaluation.ts';
import type { Genotype } from './space/space.ts';

export type ArchitectureId = string & { readonly brand: 'ArchitectureId' };
export type ProtocolId = string & { readonly brand: 'ProtocolId' };

/** 96 bits in hex: no two of a billion architectures are likely to collide (birthday bound 1e-11). */
const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 24);

/** Of a canonical genotype in its space. */
export const architectureId = (space: string, canonical: Genotype): ArchitectureId =>
  digest([space, canonical]) as ArchitectureId;

/** Equal for equal protocols, whatever the order of their fields. */
export const protocolId = (protocol: Protocol): ProtocolId =>
  digest(Object.entries(protocol).toSorted(([a], [b]) => (a < b ? -1 : 1))) as ProtocolId;
