// Loads the pages of the archive that are in sight, one after the other, past the dashboard's cache: that would
// keep every page ever scrolled by.

import { useEffect, useMemo, useReducer } from 'react';
import type { CombinedError } from 'urql';
import { forgetful } from '../api/client.ts';
import type { ArchiveQuery } from '../api/generated/graphql.ts';
import type { Question } from './asked.ts';
import { ARCHIVE } from './documents.ts';
import { NO_PAGES, PAGE, type Page, type Pages, received, type Sight, wanted } from './pages.ts';

export type ArchiveRow = ArchiveQuery['architectures']['edges'][number]['node'];

interface Held {
  /** What was asked; pages of another question are dropped. */
  readonly key: string;
  readonly pages: Pages<ArchiveRow>;
  readonly error: CombinedError | null;
}

type Step =
  | { readonly type: 'asked'; readonly key: string }
  | { readonly type: 'retried' }
  | { readonly type: 'failed'; readonly key: string; readonly error: CombinedError }
  | {
      readonly type: 'received';
      readonly key: string;
      readonly number: number;
      readonly page: Page<ArchiveRow>;
      readonly sight: Sight;
    };

function advance(held: Held, step: Step): Held {
  if (step.type === 'asked') return { key: step.key, pages: NO_PAGES, error: null };
  if (step.type === 'retried') return { ...held, error: null };
  if (step.key !== held.key) return held;
  if (step.type === 'failed') return { ...held, error: step.error };
  return { ...held, pages: received(held.pages, step.number, step.page, step.sight), error: null };
}

const toPage = ({ architectures: { totalCount, pageInfo, edges } }: ArchiveQuery): Page<ArchiveRow> => ({
  total: totalCount,
  rows: edges.map(({ node }) => node),
  next: pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null,
});

export interface Archive {
  readonly pages: Pages<ArchiveRow>;
  readonly error: CombinedError | null;
  readonly retry: () => void;
}

export function usePages(question: Question, sight: Sight): Archive {
  const key = JSON.stringify(question);
  const [held, dispatch] = useReducer(advance, { key, pages: NO_PAGES, error: null });
  const current = held.key === key;
  useEffect(() => {
    if (!current) dispatch({ type: 'asked', key });
  }, [current, key]);
  const next = useMemo(
    () => (current && held.error === null ? wanted(held.pages, sight) : null),
    [current, held, sight.first, sight.last],
  );
  const [number, after] = [next?.page ?? null, next?.after ?? null];
  useEffect(() => {
    if (number === null) return;
    // Rows may go out of sight while their page is on its way; it is dropped with a later one then.
    let left = false;
    const { filter, orderBy } = JSON.parse(key) as Question;
    void forgetful
      .query(ARCHIVE, { first: PAGE, after, filter, orderBy })
      .toPromise()
      .then(({ data, error }) => {
        if (left) return;
        if (data === undefined) {
          if (error !== undefined) dispatch({ type: 'failed', key, error });
          return;
        }
        dispatch({ type: 'received', key, number, page: toPage(data), sight });
      });
    return () => {
      left = true;
    };
  }, [key, number, after, held.pages]);
  return {
    pages: current ? held.pages : NO_PAGES,
    error: held.error,
    retry: () => dispatch({ type: 'retried' }),
  };
}
