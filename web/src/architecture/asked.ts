// Which archived architectures are listed, and in which order: as the address says it, and as the API takes it.

import type {
  ArchitectureFilter,
  ArchitectureOrder,
  ArchitectureOrderField,
  OrderDirection,
} from '../api/generated/graphql.ts';
import { limitOf } from '../measure/whole.ts';
import { INDICATORS } from '../ui/format.ts';

/** As people write them; '' binds nothing. */
export interface Asked {
  readonly dataset: string;
  readonly maxMacs: string;
  readonly maxParams: string;
  readonly initChannels: string;
  readonly feasible: string;
  /** e.g. MACS.ASC */
  readonly sort: string;
}

export const FIELDS: Readonly<Record<ArchitectureOrderField, string>> = {
  ...(Object.fromEntries(Object.entries(INDICATORS).map(([name, { label }]) => [name, label])) as Record<
    keyof typeof INDICATORS,
    string
  >),
  MACS: 'MACs',
  PARAMS: 'Parameters',
};

export const USUAL_SORT = 'JACOB_COV.DESC';

const isField = (name: string | undefined): name is ArchitectureOrderField =>
  name !== undefined && Object.hasOwn(FIELDS, name);

export function orderOf(sort: string): {
  readonly by: ArchitectureOrderField;
  readonly direction: OrderDirection;
} {
  const [by, direction] = sort.split('.');
  return { by: isField(by) ? by : 'JACOB_COV', direction: direction === 'ASC' ? 'ASC' : 'DESC' };
}

export const sortOf = (by: ArchitectureOrderField, direction: OrderDirection): string => `${by}.${direction}`;

/** The sort after a press on a column: its largest first, then its smallest first, and so on. */
export function pressed(sort: string, by: ArchitectureOrderField): string {
  const now = orderOf(sort);
  return sortOf(by, now.by === by && now.direction === 'DESC' ? 'ASC' : 'DESC');
}

export interface Question {
  readonly filter: ArchitectureFilter;
  readonly orderBy: ArchitectureOrder;
}

/** What cannot be understood binds nothing: its field says so. */
export function questionOf({ dataset, feasible, sort, ...limits }: Asked): Question {
  const numbers = Object.entries(limits).flatMap(([name, text]) => {
    const value = limitOf(text);
    return value === null ? [] : [[name, value] as const];
  });
  return {
    filter: {
      ...(dataset === '' ? {} : { dataset }),
      ...(feasible === '' ? {} : { feasible: feasible === 'true' }),
      ...Object.fromEntries(numbers),
    },
    orderBy: orderOf(sort),
  };
}
