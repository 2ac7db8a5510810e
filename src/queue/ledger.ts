// What of a call has been scored, and what is still to do, in the order in which it is to be done.

import { networkOf, unscored } from '../engine/evaluate.ts';
import type { Evaluation, Protocol } from '../search/evaluation.ts';
import { macs } from '../search/network.ts';
import type { Genotype } from '../search/space/space.ts';
import { portionOf, type Scored } from './jobs.ts';

export interface LedgerParts {
  readonly protocol: Protocol;
  readonly genotypes: readonly Genotype[];
  /** Threads of the workers there are. */
  readonly lanes: () => number;
  /** That one of them takes for so many MACs. */
  readonly secondsOf: (cost: number) => number;
  /** Told of each score, with the MACs it took. */
  readonly onScore: (evaluation: Evaluation, cost: number) => void;
}

/** Architectures by their places among the genotypes. */
type Places = readonly number[];

export interface Ledger {
  readonly results: readonly Evaluation[];
  /** How many have no score yet. */
  readonly left: () => number;
  /** Whether there is something to do that nobody is at. */
  readonly isOpen: () => boolean;
  /** The next job's. */
  readonly take: () => Places;
  /** Not scored after all: the next to be taken. */
  readonly giveBack: (places: Places) => void;
  /** One of them may kill its worker: from now on each is a job of its own. */
  readonly suspect: (places: Places) => void;
  /** Cannot be scored: by this machine's verdict. */
  readonly giveUp: (place: number, reason: string) => Places;
  /** Takes the scores of some places; gives those that had none before. */
  readonly note: (places: Places, scored: Scored) => Places;
  /** Those that have none. */
  readonly unscored: (places: Places) => Places;
}

export function openLedger({ protocol, genotypes, lanes, secondsOf, onScore }: LedgerParts): Ledger {
  const costs = genotypes.map((genotype) => macs(networkOf(genotype, protocol)) * protocol.batchSize);
  const costOf = (place: number): number => costs[place] as number;
  /** Longest first, so that no slow one is left for the end. */
  let todo: Places = costs.map((_, i) => i).toSorted((a, b) => costOf(b) - costOf(a) || a - b);
  const suspects: number[] = [];
  const results: Evaluation[] = [];
  let left = genotypes.length;
  const isMissing = (place: number): boolean => results[place] === undefined;

  function record(place: number, evaluation: Evaluation): void {
    results[place] = evaluation;
    left -= 1;
    onScore(evaluation, costOf(place));
  }

  return {
    results,
    left: () => left,
    isOpen: () => suspects.length + todo.length > 0,
    take() {
      const suspect = suspects.shift();
      if (suspect !== undefined) return [suspect];
      const count = portionOf(
        todo.map((place) => secondsOf(costOf(place))),
        Math.max(1, lanes()),
      );
      const places = todo.slice(0, count);
      todo = todo.slice(count);
      return places;
    },
    giveBack(places) {
      todo = [...places, ...todo];
    },
    suspect: (places) => void suspects.push(...places),
    giveUp(place, reason) {
      record(place, unscored({ genotype: genotypes[place] as Genotype, protocol }, reason));
      return [place];
    },
    note: (places, scored) =>
      scored.flatMap(([index, evaluation]) => {
        const place = places[index];
        if (place === undefined || !isMissing(place)) return [];
        record(place, evaluation);
        return [place];
      }),
    unscored: (places) => places.filter(isMissing),
  };
}
