// What a search ends with, as one JSON document and as a page to read.

import { type Member, frontOf, membersOf, type SearchState } from '../search/evolution.ts';
import { INDICATORS, type Scores } from '../search/evaluation.ts';
import { pickBest } from '../search/selection.ts';
import type { Genotype, SearchSpace } from '../search/space/space.ts';
import { SPACES } from '../search/space/spaces.ts';
import type { SearchRecord } from '../storage/records.ts';

const logName = (name: string): string => `log${name[0]?.toUpperCase()}${name.slice(1)}`;

/** Raw values by the goldens' names: an indicator with a logarithm has it beside it. */
export function indicatorValues(scores: Scores): Readonly<Record<string, number | null>> {
  const entries = INDICATORS.flatMap((name) => {
    const score = scores[name];
    if (score === undefined) return [];
    return [
      [name, score.value] as const,
      ...(score.log === undefined ? [] : [[logName(name), score.log] as const]),
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

/** Columns padded to their widest cell, numbers and what heads them to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => String(row[column]).length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] as number;
          const isNumber = typeof (rows[1]?.[column] ?? cell) === 'number';
          return isNumber ? String(cell).padStart(width) : String(cell).padEnd(width);
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

/** Genes without commas where each has one digit, a group a block. */
function groupsOf(genotype: Genotype, blockLength: number): readonly string[] {
  const comma = genotype.every((gene) => gene < 10) ? '' : ',';
  return Array.from({ length: genotype.length / blockLength }, (_, b) =>
    genotype.slice(b * blockLength, (b + 1) * blockLength).join(comma),
  );
}

/** The groups on indented lines of so many columns. */
function wrapped(groups: readonly string[], columns: number): string {
  let [line = '', ...lines]: string[] = [];
  for (const group of groups) {
    const longer = `${line === '' ? '   ' : line} ${group}`;
    if (line !== '' && longer.length > columns) {
      lines = [...lines, line];
      line = `    ${group}`;
    } else line = longer;
  }
  return [...lines, line].join('\n');
}

/** A row a member, its genotype at the row's end if all rows then fit the columns, below the row if not. */
function frontTable({ search, paretoFront, best }: Report, columns: number): string {
  const { indicators, space } = search.settings;
  const { blockLength } = SPACES[space] as SearchSpace;
  const front = paretoFront.toSorted((a, b) => a.macs - b.macs);
  const scales = indicators.map((name) => {
    const log = logName(name);
    const inLog = front.some((member) => log in member.indicators);
    return inLog ? { header: `ln ${name}`, key: log } : { header: name, key: name };
  });
  const header = ['', ...scales.map(({ header }) => header), 'MACs', 'params'];
  const rows = front.map(({ id, indicators, macs, params }) => [
    id === best?.id ? '*' : '',
    ...scales.map(({ key }) => round(indicators[key])),
    macs,
    params,
  ]);
  const genotypes = front.map(({ genotype }) => groupsOf(genotype, blockLength));
  const wide = table([
    [...header, 'genotype, by blocks'],
    ...rows.map((row, i) => [...row, (genotypes[i] as readonly string[]).join(' ')]),
  ]);
  if (wide.split('\n').every((line) => line.length <= columns)) return wide;
  return table([header, ...rows])
    .split('\n')
    .flatMap((line, i) =>
      i === 0 ? [line] : [line, wrapped(genotypes[i - 1] as readonly string[], columns)],
    )
    .join('\n');
}

/** The front and the pick, for a person with so many columns; `archive` says where the search is kept. */
export function pageOf(report: Report, columns: number, archive: string): string {
  const { search, hypervolume, timings } = report;
  return [
    `Search ${search.id} ${search.status}: hypervolume ${round(hypervolume)}.`,
    `${search.evaluations} architectures in ${timings.wallSeconds.toFixed(1)} s, archived in ${archive}.`,
    '',
    'Pareto front (* the pick: largest sum of both indicators, scaled):',
    frontTable(report, columns),
    '',
  ].join('\n');
}
