// The workers as they are shown: what they are together, by arithmetic, and what is said when some come or go.

import type { WorkersChangedSubscription } from '../api/generated/graphql.ts';
import { duration, figure } from '../ui/format.ts';

export type Worker = WorkersChangedSubscription['workersChanged'][number];

export interface Sum {
  readonly workers: number;
  readonly threads: number;
  readonly busy: number;
  /** MACs a second of those that have measured it; null: none has. */
  readonly speed: number | null;
  /** How many have not. */
  readonly unmeasured: number;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

export function sumOf(workers: readonly Worker[]): Sum {
  const speeds = workers.flatMap(({ speed }) => speed ?? []);
  return {
    workers: workers.length,
    threads: sum(workers.map(({ threads }) => threads)),
    busy: sum(workers.map(({ busy }) => busy)),
    speed: speeds.length === 0 ? null : sum(speeds),
    unmeasured: workers.length - speeds.length,
  };
}

/** Workers of one arithmetic, who score a search together. */
export interface Group {
  readonly numerics: string;
  readonly workers: readonly Worker[];
}

/** By arithmetic; `taken`, that of new searches, is the first. */
export function groupsOf(workers: readonly Worker[], taken: string | null): readonly Group[] {
  const kinds = [...new Set(workers.map(({ numerics }) => numerics))];
  return kinds
    .toSorted((a, b) => Number(b === taken) - Number(a === taken) || a.localeCompare(b))
    .map((numerics) => ({ numerics, workers: workers.filter((worker) => worker.numerics === numerics) }));
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

export const saySum = ({ workers, threads }: Sum): string =>
  workers === 0 ? 'no worker' : `${counted(workers, 'worker')} with ${counted(threads, 'thread')}`;

/** In GMAC/s; three digits. */
export const speedText = (speed: number | null | undefined): string =>
  figure(speed ? Number((speed / 1e9).toPrecision(3)) : null);

/** What they do together, with its unit; who has not measured it is told of. */
export function totalSpeed({ speed, unmeasured }: Sum): string {
  if (speed === null) return '–';
  return `${speedText(speed)} GMAC/s${unmeasured === 0 ? '' : `, ${unmeasured} not measured`}`;
}

/** What a listener is told when workers have come or gone; null: none has. */
export function newsOf(before: readonly Worker[], after: readonly Worker[]): string | null {
  const missing = (those: readonly Worker[], among: readonly Worker[]): number => {
    const ids = new Set(among.map(({ id }) => id));
    return those.filter(({ id }) => !ids.has(id)).length;
  };
  const [came, went] = [missing(after, before), missing(before, after)];
  if (came + went === 0) return null;
  const changes = [...(came > 0 ? [`${came} came`] : []), ...(went > 0 ? [`${went} left`] : [])];
  return `${changes.join(', ')}: now ${saySum(sumOf(after))}.`;
}

/** Characters of an arithmetic's name that are shown at most, and of its end, where revisions are. */
const [SHOWN, END] = [26, 9];

export const briefNumerics = (numerics: string): string =>
  numerics.length <= SHOWN
    ? numerics
    : `${numerics.slice(0, SHOWN - END - 1)}…${numerics.slice(numerics.length - END)}`;

/** What tells it from others on its host. */
export const briefId = (id: string): string => id.split('-').at(-1) ?? id;

/** Seconds after which the service takes a worker that gives no sign of life for gone. */
const GONE = 5;

/**
 * Seconds since a worker was heard of; milliseconds since the epoch are given, `told`: when it was told to be there.
 * Its clock may be another than ours, but it was heard of shortly before it was told.
 */
export function heardAgo(lastSeen: number, told: number, now: number): number {
  const since = (now - told) / 1000;
  return Math.min(Math.max((now - lastSeen) / 1000, since), since + GONE);
}

export const agoText = (seconds: number): string => (seconds < 1 ? 'now' : `${duration(seconds)} ago`);
