// What a person names by an id: its own, or the global one that the API shows.

import { MedNasError } from '../search/errors.ts';
import type { ArchitectureId, ProtocolId } from '../search/identity.ts';
import type { Archive } from '../storage/archive.ts';
import type { ArchitectureRecord } from '../storage/records.ts';

/** What resolvers/globalId.ts makes of an id. Not imported from there: it brings all of GraphQL along. */
export const keyOf = (type: string, named: string): string => {
  const [of, ...key] = Buffer.from(named, 'base64url').toString('latin1').split(':');
  return of === type ? key.join(':') : named;
};

/**
 * The architecture that a person names by its id, by that and its protocol's, or by the global id the API shows.
 * @throws MedNasError NOT_FOUND
 */
export async function findArchitecture(archive: Archive, named: string): Promise<ArchitectureRecord> {
  const parts = keyOf('Architecture', named).split(':');
  const [protocolId, architecture] = parts.length === 2 ? parts : [undefined, parts[0]];
  const found =
    protocolId === undefined
      ? await archive.architectureNamed(architecture as ArchitectureId)
      : (
          await archive.architectures([
            { protocolId: protocolId as ProtocolId, architecture: architecture as ArchitectureId },
          ])
        )[0];
  if (found) return found;
  throw new MedNasError(
    'NOT_FOUND',
    `There is no architecture '${named}' in the archive. Give its genes by --genotype, or score it first.`,
    { field: 'architecture' },
  );
}
