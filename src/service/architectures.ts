// Single architectures, scored on demand under the protocol that settings describe.

import type { Datasets } from '../data/datasets.ts';
import type { Engine } from '../engine/engine.ts';
import { parseSettings, spaceOf } from '../search/settings.ts';
import { parseGenotype } from '../search/space/space.ts';
import type { Archive } from '../storage/archive.ts';
import type { ArchitectureRecord } from '../storage/records.ts';
import type { Observer } from './observer.ts';
import { prepare } from './protocol.ts';
import { openScorer, toObservation } from './scoring.ts';
import type { GivenSettings } from './searches.ts';

export interface ScoringParts {
  readonly archive: Archive;
  readonly engine: Engine;
  readonly datasets: Datasets;
  readonly now: () => Date;
  readonly tell?: Observer;
}

/**
 * Scores any genotype as it is, canonical or not; from the archive when it has been scored before.
 * @throws MedNasError INVALID_GENOTYPE, INVALID_ARGUMENT, or of the dataset.
 */
export async function scoreArchitecture(
  { archive, engine, datasets, now, tell }: ScoringParts,
  genes: readonly unknown[],
  given: Pick<
    GivenSettings,
    'space' | 'dataset' | 'batchSize' | 'initChannels' | 'seed' | 'indicators' | 'estimateEpochs'
  >,
  signal: AbortSignal,
): Promise<ArchitectureRecord> {
  const settings = parseSettings(given);
  const genotype = parseGenotype(spaceOf(settings), genes);
  const scorer = openScorer(archive, engine, await prepare(datasets, engine, settings), now);
  const [record] = await scorer.score([genotype], signal, async ({ evaluation }, reused) =>
    tell?.(toObservation(null, evaluation, reused)),
  );
  return record as ArchitectureRecord;
}
