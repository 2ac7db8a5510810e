// A long list of which only the pages near the reader are held. A page is known by the cursor before it, so those
// far down are reached by walking there; the cursors stay, the rows of pages left behind do not.

export const PAGE = 100;
/** Pages held on either side of those in sight. */
const NEAR = 8;

export interface Pages<Row> {
  /** Length of the whole list; null: not known yet. */
  readonly total: number | null;
  /** By page, the cursor to go on after; of page 0 null. */
  readonly cursors: readonly (string | null)[];
  readonly held: ReadonlyMap<number, readonly Row[]>;
}

export const NO_PAGES: Pages<never> = { total: null, cursors: [null], held: new Map() };

export interface Page<Row> {
  readonly total: number;
  readonly rows: readonly Row[];
  /** null: this is the last page. */
  readonly next: string | null;
}

/** Rows in sight, the last included. */
export interface Sight {
  readonly first: number;
  readonly last: number;
}

const pageOf = (row: number): number => Math.max(0, Math.floor(row / PAGE));

/** The page to load next for the rows in sight, with its cursor; null: all are there. */
export function wanted<Row>(
  { total, cursors, held }: Pages<Row>,
  { first, last }: Sight,
): { readonly page: number; readonly after: string | null } | null {
  const end = total === null ? 0 : pageOf(Math.min(last, total - 1));
  if (total === 0) return null;
  for (let page = Math.min(pageOf(first), end); page <= end; page++) {
    if (held.has(page)) continue;
    const reached = Math.min(page, cursors.length - 1);
    return { page: reached, after: cursors[reached] ?? null };
  }
  return null;
}

/** With one page more, and without those that are now far from sight. */
export function received<Row>(
  pages: Pages<Row>,
  page: number,
  { total, rows, next }: Page<Row>,
  { first, last }: Sight,
): Pages<Row> {
  const held = new Map([...pages.held, [page, rows] as const]);
  for (const other of held.keys()) {
    if (other < pageOf(first) - NEAR || other > pageOf(last) + NEAR) held.delete(other);
  }
  const cursors =
    next === null
      ? pages.cursors
      : [...pages.cursors.slice(0, page + 1), next, ...pages.cursors.slice(page + 2)];
  // The last page tells the length for certain: the list may have changed since it was counted.
  return { total: next === null ? page * PAGE + rows.length : total, cursors, held };
}

export const rowAt = <Row>({ held }: Pages<Row>, row: number): Row | undefined =>
  held.get(pageOf(row))?.[row % PAGE];
