// What a search has scored, to compare one architecture with: all of it, or of a long search its last population.

import { useEffect, useState } from 'react';
import { type Client, type CombinedError, useClient } from 'urql';
import type { MeasuredPartsFragment } from '../api/generated/graphql.ts';
import { whole } from '../ui/format.ts';
import { problemOf } from '../ui/problem.ts';
import { MEMBERS, SCORED } from './documents.ts';
import { type Measured, measuredOf } from '../measure/measured.ts';

/** The paper's search scores 1,640. */
const MOST = 2000;

export interface Point extends Measured {
  readonly id: string;
}

export type Population =
  | { readonly state: 'reading'; readonly read: number; readonly total: number | null }
  | { readonly state: 'read'; readonly points: readonly Point[]; readonly who: string }
  | { readonly state: 'failed'; readonly message: string };

const toPoint = (architecture: MeasuredPartsFragment): Point => ({
  id: architecture.id,
  ...measuredOf(architecture),
});

const failed = (error: CombinedError | undefined): Population => ({
  state: 'failed',
  message: error === undefined ? 'The search is not there any more.' : problemOf(error),
});

async function membersOf(client: Client, search: string): Promise<Population> {
  const { data, error } = await client.query(MEMBERS, { search }).toPromise();
  const population = data?.search?.population;
  if (!population) return failed(error);
  const points = population.members.map(({ individual }) => toPoint(individual.architecture));
  const who = `the ${whole(points.length)} members of generation ${population.generation}`;
  return { state: 'read', points, who };
}

/** How it goes, and at the end what came of it. */
async function* reading(client: Client, search: string): AsyncGenerator<Population> {
  const points: Point[] = [];
  for (let after: string | null = null; ;) {
    const { data, error }: Awaited<ReturnType<typeof pageOf>> = await pageOf(client, search, after);
    const page = data?.search?.individuals;
    if (!page) return yield failed(error);
    if (page.totalCount > MOST) return yield await membersOf(client, search);
    points.push(...page.edges.map(({ node }) => toPoint(node.architecture)));
    after = page.pageInfo.endCursor ?? null;
    if (!page.pageInfo.hasNextPage || after === null) break;
    yield { state: 'reading', read: points.length, total: page.totalCount };
  }
  yield { state: 'read', points, who: `all ${whole(points.length)} this search has scored` };
}

const pageOf = (client: Client, search: string, after: string | null) =>
  client.query(SCORED, { search, after }).toPromise();

export function usePopulation(search: string): Population {
  const client = useClient();
  const [population, setPopulation] = useState<Population>({ state: 'reading', read: 0, total: null });
  useEffect(() => {
    let left = false;
    async function read(): Promise<void> {
      for await (const now of reading(client, search)) {
        if (left) return;
        setPopulation(now);
      }
    }
    void read();
    return () => {
      left = true;
    };
  }, [client, search]);
  return population;
}
