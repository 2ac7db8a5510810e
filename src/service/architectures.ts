// Single architectures, scored on demand under the protocol that settings describe.

import { parseSettings, spaceOf } from '../search/settings.ts';
import { parseGenotype } from '../search/space/space.ts';
import type { ArchitectureRecord } from '../storage/records.ts';
import type { Observer } from './observer.ts';
import { type PreparationParts, prepare } from './protocol.ts';
import { openScorer, type ScorerParts, toObservation } from './scoring.ts';
import type { GivenSettings } from './searches.ts';

export interface ScoringParts extends ScorerParts, PreparationParts {
  readonly tell?: Observer;
}

/**
 * Scores any genotype as it is, canonical or not; from the archive when it has been scored before.
 * @throws MedNasError INVALID_GENOTYPE, INVALID_ARGUMENT, or of the dataset.
 */
export async function scoreArchitecture(
  parts: ScoringParts,
  genes: readonly unknown[],
  given: Pick<
    GivenSettings,
    'space' | 'dataset' | 'batchSize' | 'initChannels' | 'seed' | 'indicators' | 'estimateEpochs'
  >,
  signal: AbortSignal,
): Promise<ArchitectureRecord> {
  const settings = parseSettings(given);
  const genotype = parseGenotype(spaceOf(settings), genes);
  const scorer = openScorer(parts, await prepare(parts, settings));
  const [record] = await scorer.score([genotype], signal, async ({ evaluation }, reused) =>
    parts.tell?.(toObservation(null, evaluation, reused)),
  );
  return record as ArchitectureRecord;
}
