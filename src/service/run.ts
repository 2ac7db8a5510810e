// One search from its last finished generation to its end: every fact is archived before it is told.

import { COURSES } from '../search/courses.ts';
import type { Evaluation } from '../search/evaluation.ts';
import {
  type Evaluate,
  frontOf,
  hypervolumeOf,
  INITIAL_STATE,
  membersOf,
  type SearchState,
} from '../search/evolution.ts';
import { pickBest } from '../search/selection.ts';
import type { Archive } from '../storage/archive.ts';
import { type Stored, SupersededError } from '../storage/documents.ts';
import type { GenerationRecord, SearchRecord } from '../storage/records.ts';
import type { Journal } from './journal.ts';
import type { Observer } from './observer.ts';
import { type Scorer, toObservation } from './scoring.ts';

/** The state a search had when it finished its last generation, from the archive. */
export async function stateOf(archive: Archive, record: SearchRecord): Promise<SearchState> {
  if (record.generation < 0) return INITIAL_STATE;
  const [last] = await archive.generations(record.id, [record.generation]);
  if (last === undefined) throw new Error(`generation ${record.generation} of ${record.id} is not archived`);
  return {
    generation: record.generation,
    individuals: await archive.individuals(record.id, record.generation),
    population: last.population,
    scale: last.scale,
    frame: record.frame,
  };
}

function describeGeneration(record: SearchRecord, state: SearchState, now: Date): GenerationRecord {
  const members = membersOf(record.settings, state);
  return {
    search: record.id,
    generation: state.generation,
    population: state.population,
    scale: state.scale,
    front: frontOf(members).map(({ id }) => id),
    best: pickBest(members, record.settings)?.id ?? null,
    hypervolume: hypervolumeOf(record.settings, state),
    evaluations: state.individuals.length,
    infeasible: state.individuals.filter(({ evaluation }) => evaluation.status === 'infeasible').length,
    finishedAt: now.toISOString(),
  };
}

export interface RunParts {
  readonly archive: Archive;
  readonly journal: Journal;
  readonly now: () => Date;
  readonly tell: Observer;
}

/**
 * Runs to the last generation and returns the record then stored. `fence`: of the lease it is run under.
 * @throws SupersededError; the signal's reason when it aborts; whatever storage or engine fail with.
 */
export async function runSearch(
  { archive, journal, now, tell }: RunParts,
  scorer: Scorer,
  start: Stored<SearchRecord>,
  fence: number,
  signal: AbortSignal,
): Promise<Stored<SearchRecord>> {
  let { version, body: record } = start;
  /** The version that is stored, or about to be. */
  let storing = version;
  const from = await stateOf(archive, record);
  let scored = from.individuals.length;
  const announce = (generation: number): Promise<boolean> =>
    journal.append(record.id, `generation:${generation}`, { type: 'generation', generation }, fence);
  // Again, in case a crash came between the record and its event.
  if (record.generation >= 0) await announce(record.generation);

  const evaluate: Evaluate = async (candidates, aborted): Promise<readonly Evaluation[]> => {
    const records = await scorer.score(
      candidates.map(({ genotype }) => genotype),
      aborted,
      async ({ architecture, evaluation }, reused) => {
        tell(toObservation(record.id, evaluation, reused));
        // At each score, for generations can be long. A generation of ours may be stored meanwhile.
        const least = version;
        const found = (await archive.findSearch(record.id))?.version ?? -1;
        if (found < least || found > storing) throw new SupersededError(record.id);
        const generation = record.generation + 1;
        const happening = { type: 'evaluated', generation, architecture, reused } as const;
        await journal.append(record.id, `evaluated:${architecture}`, happening, fence);
      },
    );
    return records.map(({ evaluation }) => evaluation);
  };

  const ran = record.seconds ?? 0;
  const startedAt = now().getTime();
  let begunAt = startedAt;
  for await (const state of COURSES[record.settings.strategy](record.settings, evaluate, signal, from)) {
    // What is written to an archive that has been deleted is lost without a word.
    await archive.check();
    const generation = describeGeneration(record, state, now());
    const fresh = state.individuals.slice(scored);
    await archive.addGeneration(
      generation,
      fresh.map((individual, i) => ({
        ...individual,
        search: record.id,
        index: scored + i,
      })),
      fence,
    );
    scored = state.individuals.length;
    record = {
      ...record,
      generation: generation.generation,
      evaluations: generation.evaluations,
      hypervolume: generation.hypervolume,
      best: generation.best,
      frame: state.frame,
      seconds: ran + (now().getTime() - startedAt) / 1000,
    };
    storing = version + 1;
    if (!(await archive.replaceSearch(version, record, fence))) throw new SupersededError(record.id);
    version = storing;
    await announce(record.generation);
    tell({
      type: 'generation',
      search: record.id,
      generation: record.generation,
      evaluations: fresh.length,
      seconds: (now().getTime() - begunAt) / 1000,
    });
    begunAt = now().getTime();
  }
  return { id: start.id, version, body: record };
}
