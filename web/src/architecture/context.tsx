// The search an architecture is seen in: the one of the address, or one that is chosen.

import { useQuery } from 'urql';
import { Link } from 'wouter';
import { SEARCHES } from '../api/documents.ts';
import type { ArchitectureContextQuery } from '../api/generated/graphql.ts';
import { paths } from '../ui/address.ts';
import { brief, titleOf } from '../ui/format.ts';
import { isNotFound, problemOf } from '../ui/problem.ts';
import { Choice, Notice } from '../ui/ui.tsx';
import { CONTEXT } from './documents.ts';
import type { Architecture } from './labels.ts';

type Search = NonNullable<ArchitectureContextQuery['search']>;

export type Context =
  | { readonly state: 'none' }
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly message: string }
  /** Its scores were taken otherwise, so they do not compare. */
  | { readonly state: 'foreign'; readonly search: Search }
  | { readonly state: 'found'; readonly search: Search; readonly individual: string | null };

const COMPARED = ['batch', 'initChannels', 'numerics', 'seed', 'space'] as const;

const compares = ({ protocol }: Search, architecture: Architecture): boolean =>
  protocol !== null &&
  protocol !== undefined &&
  COMPARED.every((name) => protocol[name] === architecture.protocol[name]);

export function useContextOf(architecture: Architecture, id: string): Context {
  const [{ data, error }] = useQuery({
    query: CONTEXT,
    variables: { search: id, maxMacs: architecture.macs, maxParams: architecture.params },
    pause: id === '',
  });
  if (id === '') return { state: 'none' };
  const search = data?.search;
  if (!search) {
    if (error === undefined) return { state: 'loading' };
    return {
      state: 'failed',
      message: isNotFound(error) ? 'The search of this address is not there any more.' : problemOf(error),
    };
  }
  const met = search.individuals.edges.find(({ node }) => node.architecture.id === architecture.id);
  if (met === undefined && !compares(search, architecture)) return { state: 'foreign', search };
  return { state: 'found', search, individual: met?.node.id ?? null };
}

/** A choice among the latest searches whose scores compare with the architecture's. */
export function Chooser(props: {
  readonly architecture: Architecture;
  readonly value: string;
  readonly onChange: (search: string) => void;
}) {
  const { architecture, value, onChange } = props;
  const [{ data }] = useQuery({ query: SEARCHES, variables: { first: 50, after: null } });
  const { dataset, batchSize, initChannels, seed } = architecture.protocol;
  const fitting = (data?.searches.edges ?? [])
    .map(({ node }) => node)
    .filter(
      ({ id, settings }) =>
        id === value ||
        (settings.dataset === dataset &&
          settings.batchSize === batchSize &&
          settings.initChannels === initChannels &&
          settings.seed === seed),
    );
  if (fitting.length === 0) return null;
  return (
    <Choice
      label="Seen in"
      value={fitting.some(({ id }) => id === value) ? value : ''}
      options={[
        ['', 'no search'],
        ...fitting.map(({ id, settings }) => [id, `${titleOf(settings)} (${brief(id)})`] as const),
      ]}
      onChange={onChange}
    />
  );
}

export function ContextLine({ context }: { readonly context: Context }) {
  if (context.state === 'none' || context.state === 'loading') return null;
  if (context.state === 'failed') return <Notice tone="warn">{context.message}</Notice>;
  const link = <Link href={paths.search(context.search.id)}>{titleOf(context.search.settings)}</Link>;
  if (context.state === 'found') return <p>From the search {link}.</p>;
  return (
    <Notice tone="warn">
      <span>The search {link} scores otherwise, so this architecture does not compare with its own.</span>
    </Notice>
  );
}
