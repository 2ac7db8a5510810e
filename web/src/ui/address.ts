// What of a view is kept in its address: the parameters after the question mark, by name.

import { useCallback } from 'react';
import { useSearchParams } from 'wouter';

/** The value of a parameter and how to change it; '' takes it away. Changes leave no trace in the history. */
export function useParameter(name: string, usual = ''): readonly [string, (value: string) => void] {
  const [parameters, setParameters] = useSearchParams();
  const set = useCallback(
    (value: string) =>
      setParameters(
        (before) => {
          const after = new URLSearchParams(before);
          if (value === usual) after.delete(name);
          else after.set(name, value);
          return after;
        },
        { replace: true },
      ),
    [name, usual, setParameters],
  );
  return [parameters.get(name) ?? usual, set];
}

export const paths = {
  searches: '/',
  start: (from?: string) => (from === undefined ? '/start' : `/start?from=${encodeURIComponent(from)}`),
  search: (id: string) => `/searches/${encodeURIComponent(id)}`,
  architectures: '/architectures',
  architecture: (id: string, search?: string) =>
    `/architectures/${encodeURIComponent(id)}${search === undefined ? '' : `?search=${encodeURIComponent(search)}`}`,
  trainings: '/trainings',
  training: (id: string) => `/trainings/${encodeURIComponent(id)}`,
  compareTrainings: (ids: readonly string[]) =>
    `/compare-trainings?${ids.map((id) => `training=${encodeURIComponent(id)}`).join('&')}`,
  workers: '/workers',
  compare: (ids: readonly string[]) =>
    `/compare?${ids.map((id) => `search=${encodeURIComponent(id)}`).join('&')}`,
} as const;
