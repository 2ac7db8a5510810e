// What is known of the searches of the address, looked at again every few seconds while any is at work.

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { type Client, useClient } from 'urql';
import { isNotFound, problemOf } from '../ui/problem.ts';
import { type Compared, type Curve, isUnsettled } from './compared.ts';
import { COMPARED, CURVE } from './documents.ts';

/** Milliseconds between two looks. */
const LOOK_AGAIN = 3000;

const AFRESH = { requestPolicy: 'network-only' } as const;

interface Reading {
  readonly curve: Curve;
  readonly problem: string | null;
}

/** Reads on from where the curve ends; a page that cannot be read leaves what was read before it. */
async function readOn(client: Client, id: string, { points, cursor }: Curve): Promise<Reading> {
  const { data, error } = await client.query(CURVE, { id, after: cursor }, AFRESH).toPromise();
  const page = data?.search?.generations;
  if (page === undefined) {
    return { curve: { points, cursor }, problem: error === undefined ? null : problemOf(error) };
  }
  const curve = {
    points: [...points, ...page.edges.map(({ node }) => node)],
    cursor: page.pageInfo.endCursor ?? cursor,
  };
  return page.pageInfo.hasNextPage ? readOn(client, id, curve) : { curve, problem: null };
}

async function read(client: Client, id: string, before: Compared | undefined): Promise<Compared> {
  const { data, error } = await client.query(COMPARED, { id }, AFRESH).toPromise();
  const known = before?.state === 'there' ? before : null;
  if (error !== undefined && !isNotFound(error)) {
    const message = problemOf(error);
    return known === null ? { state: 'failed', id, message } : { ...known, problem: message };
  }
  if (!data?.search) return { state: 'unknown', id };
  const reading = await readOn(client, id, known?.curve ?? { points: [], cursor: null });
  return { state: 'there', id, search: data.search, ...reading };
}

export interface Looked {
  /** In the order of the ids. */
  readonly compared: readonly Compared[];
  readonly again: () => void;
}

export function useCompared(ids: readonly string[]): Looked {
  const client = useClient();
  const [known, setKnown] = useState<ReadonlyMap<string, Compared>>(new Map());
  const [looks, setLooks] = useState(0);
  const latest = useRef(known);
  const all = ids.join(' ');
  useEffect(() => {
    let [gone, timer]: [boolean, ReturnType<typeof setTimeout> | undefined] = [false, undefined];
    const wanted = all === '' ? [] : all.split(' ');
    const look = async (): Promise<void> => {
      const unsettled = wanted.filter((id) => isUnsettled(latest.current.get(id)));
      const found = await Promise.all(unsettled.map((id) => read(client, id, latest.current.get(id))));
      if (gone) return;
      latest.current = new Map([...latest.current, ...found.map((one) => [one.id, one] as const)]);
      setKnown(latest.current);
      if (found.some(isUnsettled)) timer = setTimeout(() => void look(), LOOK_AGAIN);
    };
    void look();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [client, all, looks]);
  const compared = useMemo(
    () =>
      (all === '' ? [] : all.split(' ')).map((id) => known.get(id) ?? ({ state: 'loading', id } as const)),
    [known, all],
  );
  const again = useCallback(() => setLooks((n) => n + 1), []);
  return { compared, again };
}
