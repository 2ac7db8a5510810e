// Scores through the archive: what it knows is not computed again, what is computed is kept before
// anyone hears of it. What only this machine made of an architecture is kept to be shown, and tried again.

import type { Computing } from '../learning/school.ts';
import { type Evaluation, isLasting } from '../search/evaluation.ts';
import { type ArchitectureId, architectureId, protocolId } from '../search/identity.ts';
import type { Genotype } from '../search/space/space.ts';
import type { Archive } from '../storage/archive.ts';
import type { ArchitectureRecord, SearchId } from '../storage/records.ts';
import { withEstimate } from './estimator.ts';
import type { Observation } from './observer.ts';
import type { Prepared } from './protocol.ts';

/** One architecture's score and whether it was in the archive before. */
export type OnScored = (record: ArchitectureRecord, reused: boolean) => Promise<void>;

export interface Scorer {
  /** Records in the order of the genotypes. `onScored` hears of each as it becomes known. */
  score(
    genotypes: readonly Genotype[],
    signal: AbortSignal,
    onScored?: OnScored,
  ): Promise<readonly ArchitectureRecord[]>;
}

export const toObservation = (
  search: SearchId | null,
  { status, scores }: Evaluation,
  reused: boolean,
): Observation => ({
  type: 'evaluated',
  search,
  outcome: reused ? 'reused' : status,
  seconds: reused ? 0 : Object.values(scores).reduce((sum, { seconds }) => sum + seconds, 0),
});

export interface ScorerParts extends Computing {
  readonly archive: Archive;
  readonly now: () => Date;
}

export function openScorer(
  { archive, engine, school, now }: ScorerParts,
  { protocol, batch, estimator }: Prepared,
): Scorer {
  const evaluator = engine.evaluator(protocol, batch);
  const id = protocolId(protocol);

  return {
    async score(genotypes, signal, onScored) {
      const ids = genotypes.map((genotype) => architectureId(protocol.space, genotype));
      const stored = await archive.architectures(
        ids.map((architecture) => ({ protocolId: id, architecture })),
      );
      const known = new Map<ArchitectureId, ArchitectureRecord>(
        stored
          .filter(({ evaluation }) => isLasting(evaluation))
          .map((record) => [record.architecture, record]),
      );
      for (const architecture of ids) {
        const record = known.get(architecture);
        if (record !== undefined) await onScored?.(record, true);
      }
      const missing = ids.flatMap((architecture, i) => (known.has(architecture) ? [] : [i]));
      await evaluator.evaluate(
        missing.map((i) => genotypes[i] as Genotype),
        signal,
        async (k, computed) => {
          const i = missing[k] as number;
          const genotype = genotypes[i] as Genotype;
          const evaluation =
            estimator === null
              ? computed
              : await withEstimate(school, estimator, protocol, genotype, computed, signal);
          const record: ArchitectureRecord = {
            architecture: ids[i] as ArchitectureId,
            protocolId: id,
            protocol,
            genotype,
            evaluation,
            scoredAt: now().toISOString(),
          };
          await archive.addArchitecture(record);
          known.set(record.architecture, record);
          await onScored?.(record, false);
        },
      );
      return ids.map((architecture) => known.get(architecture) as ArchitectureRecord);
    },
  };
}
