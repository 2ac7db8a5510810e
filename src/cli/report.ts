// What a search ends with, as one JSON document and as a page to read.

import { type Member, frontOf, membersOf, type SearchState } from '../search/evolution.ts';
import { INDICATORS, type Scores } from '../search/evaluation.ts';
import { pickBest } from '../search/selection.ts';
import type { SearchRecord } from '../storage/records.ts';

/** Raw values by the goldens' names: an indicator with a logarithm has it beside it. */
export function indicatorValues(scores: Scores): Readonly<Record<string, number | null>> {
  const entries = INDICATORS.flatMap((name) => {
    const score = scores[name];
    if (score === undefined) return [];
    const logName = `log${name[0]?.toUpperCase()}${name.slice(1)}`;
    return [
      [name, score.value] as const,
      ...(score.log === undefined ? [] : [[logName, score.log] as const]),
    ];
  });
  return Object.fromEntries(entries);
}

/** A member of a population, its genotype flat as in the specification. */
const describeMember = ({ id, genotype, evaluation, objectives, rank, crowding }: Member) => ({
  id,
  genotype,
  feasible: evaluation.status === 'ok',
  reason: evaluation.status === 'ok' ? null : evaluation.reason,
  indicators: indicatorValues(evaluation.scores),
  macs: evaluation.macs,
  params: evaluation.params,
  objectives,
  rank,
  /** null: infinite, an end of its front. */
  crowding: Number.isFinite(crowding) ? crowding : null,
});

export type Report = ReturnType<typeof reportOf>;

export function reportOf(record: SearchRecord, state: SearchState, wallSeconds: number) {
  const { settings } = record;
  const members = membersOf(settings, state);
  const best = pickBest(members, settings);
  const seconds = (name: (typeof INDICATORS)[number]): number =>
    state.individuals.reduce((sum, { evaluation }) => sum + (evaluation.scores[name]?.seconds ?? 0), 0);
  return {
    search: {
      id: record.id,
      status: record.status,
      settings,
      protocol: record.protocol,
      generation: record.generation,
      evaluations: record.evaluations,
    },
    population: members.map(describeMember),
    paretoFront: frontOf(members).map(describeMember),
    best: best === null ? null : describeMember(best),
    hypervolume: record.hypervolume,
    timings: {
      wallSeconds,
      /** Over all workers; scores taken from the archive count what they took when computed. */
      indicatorSeconds: Object.fromEntries(settings.indicators.map((name) => [name, seconds(name)])),
    },
  };
}

/** Columns padded to their widest cell, numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => String(row[column]).length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] as number;
          return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function round(value: number | null | undefined): string | number {
  if (value === null || value === undefined) return '-';
  return Math.abs(value) < 1e6 ? Number(value.toPrecision(6)) : value.toExponential(3);
}

/** The front and the pick, for a person. */
export function pageOf({ search, paretoFront, best, hypervolume, timings }: Report): string {
  const names = Object.keys(paretoFront[0]?.indicators ?? {});
  const rows = paretoFront
    .toSorted((a, b) => a.macs - b.macs)
    .map((member) => [
      member.id === best?.id ? '*' : '',
      ...names.map((name) => round(member.indicators[name])),
      member.macs,
      member.params,
      member.genotype.join(','),
    ]);
  return [
    `Search ${search.id} ${search.status}: ${search.evaluations} architectures in ${timings.wallSeconds.toFixed(1)} s, hypervolume ${round(hypervolume)}.`,
    '',
    'Pareto front (* the pick: largest sum of both indicators, scaled):',
    table([['', ...names, 'MACs', 'params', 'genotype'], ...rows]),
    '',
  ].join('\n');
}
