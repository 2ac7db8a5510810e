// What the list of architectures tells of each.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { ArchitectureOrderField, Indicator } from '../api/generated/graphql.ts';
import { paths } from '../ui/address.ts';
import { brief, count, figure, INDICATORS } from '../ui/format.ts';
import { valuesOf } from '../measure/measured.ts';
import type { ArchiveRow } from './usePages.ts';

export interface Column {
  readonly name: string;
  readonly title: string;
  /** What the list is ordered by when the column is pressed; null: by nothing. */
  readonly by: ArchitectureOrderField | null;
  /** Shown where there is room. */
  readonly wide: boolean;
  readonly cell: (row: ArchiveRow) => ReactNode;
}

const indicator = (name: Indicator): Column => ({
  name,
  title: INDICATORS[name].short,
  by: name,
  wide: false,
  cell: ({ indicators }) => figure(valuesOf(indicators)[name]),
});

const BEFORE: readonly Column[] = [
  {
    name: 'id',
    title: 'Architecture',
    by: null,
    wide: false,
    cell: ({ id, feasible }) => (
      <>
        <Link href={paths.architecture(id)}>{brief(id)}</Link>
        {!feasible && <span title="It could not be scored"> infeasible</span>}
      </>
    ),
  },
  {
    name: 'dataset',
    title: 'Dataset',
    by: null,
    wide: true,
    cell: ({ protocol }) => protocol.dataset.split('/').at(-1),
  },
  {
    name: 'protocol',
    title: 'Protocol',
    by: null,
    wide: true,
    cell: ({ protocol: { initChannels, batchSize, seed } }) =>
      `${initChannels} channels, batch ${batchSize}, seed ${seed}`,
  },
  { name: 'macs', title: 'MACs', by: 'MACS', wide: false, cell: ({ macs }) => count(macs) },
  { name: 'params', title: 'Params', by: 'PARAMS', wide: false, cell: ({ params }) => count(params) },
];

const AFTER: readonly Column[] = [
  {
    name: 'scored',
    title: 'Scored',
    by: null,
    wide: true,
    cell: ({ scoredAt }) => new Date(scoredAt).toLocaleDateString(undefined, { dateStyle: 'medium' }),
  },
];

const USUAL: readonly Indicator[] = ['JACOB_COV', 'SYNFLOW'];

/** The usual indicators, and the one the list is ordered by. */
export function columnsFor(by: ArchitectureOrderField): readonly Column[] {
  const more = by === 'MACS' || by === 'PARAMS' || USUAL.includes(by) ? [] : [by];
  return [...BEFORE, ...[...USUAL, ...more].map(indicator), ...AFTER];
}
