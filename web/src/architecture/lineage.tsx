// How a search came by an architecture: its parents, and which genes it has from which.

import { Fragment } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import type { IndividualQuery, Origin } from '../api/generated/graphql.ts';
import { paths } from '../ui/address.ts';
import { brief, count, figure, INDICATORS } from '../ui/format.ts';
import { problemOf } from '../ui/problem.ts';
import { Card, classes, Notice } from '../ui/ui.tsx';
import styles from './architecture.module.css';
import { INDIVIDUAL } from './documents.ts';
import { type Form, type Heritage, inherited, type Inherited, tally } from './genes.ts';
import { valueOf } from '../measure/measured.ts';
import type { Architecture } from './labels.ts';

type Node = NonNullable<IndividualQuery['node']>;
type Individual = Extract<Node, { readonly origin: Origin }>;
type Parent = Individual['parents'][number];

const isIndividual = (node: Node): node is Individual => 'origin' in node;

const ORIGINS: Readonly<Record<Origin, string>> = {
  RANDOM: 'It was drawn at random, so it has no parents.',
  EXPLOITATION:
    'It was put together from whole blocks of the best individuals so far (exploitation), so it has no two parents.',
  MATING: 'It was crossed from two members of the population, then mutated.',
};

const MARKS: Readonly<Record<Heritage, readonly [mark: string, meaning: string]>> = {
  both: ['AB', 'both parents have it'],
  first: ['A', 'only parent A has it'],
  second: ['B', 'only parent B has it'],
  neither: ['new', 'neither has it: mutated'],
};

const HERITAGES = Object.keys(MARKS) as Heritage[];

function Mark({ from }: { readonly from: Heritage }) {
  const [mark, meaning] = MARKS[from];
  return (
    <span className={classes(styles['mark'], styles[from])} title={meaning}>
      {mark}
    </span>
  );
}

function ParentCard({
  name,
  parent,
  search,
}: {
  readonly name: string;
  readonly parent: Parent;
  readonly search: string;
}) {
  const { id, macs, params, indicators } = parent.architecture;
  return (
    <p>
      <strong>Parent {name}</strong> <Link href={paths.architecture(id, search)}>{brief(id)}</Link>
      <span className="faint">
        {' '}
        generation {parent.born}, {count(macs)} MACs, {count(params)} params
        {indicators.map((score) => `, ${INDICATORS[score.name].short} ${figure(valueOf(score))}`).join('')}
      </span>
    </p>
  );
}

/** A row for each node: its genes with their marks, and what the parents have there. */
function BlockGenes({ block, genes }: { readonly block: number; readonly genes: readonly Inherited[] }) {
  const nodes = [...new Set(genes.map(({ node }) => node))].map(
    (node) => [node, genes.filter((gene) => gene.node === node)] as const,
  );
  return (
    <table className={styles['genes']}>
      <caption>Block {block + 1}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span className="unseen">Node</span>
          </th>
          <th scope="col">This</th>
          <th scope="col">A</th>
          <th scope="col">B</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map(([node, own]) => (
          <tr key={node}>
            <th scope="row">{node}</th>
            <td>
              {own.map(({ role, label, from }) => (
                <span key={role} className={styles['gene']}>
                  <Mark from={from} /> {role === 'input' && '← '}
                  {label}
                </span>
              ))}
            </td>
            {(['first', 'second'] as const).map((parent) => (
              <td key={parent} className="faint">
                {own.map((gene) => (
                  <span key={gene.role} className={styles['gene']}>
                    {gene.role === 'input' && '← '}
                    {gene[parent]}
                  </span>
                ))}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Heritages(props: {
  readonly architecture: Architecture;
  readonly parents: readonly [Parent, Parent];
  readonly search: string;
}) {
  const { architecture, parents, search } = props;
  const { space, blocks, genotype } = architecture;
  const form: Form = {
    blockLength: space.blockLength,
    normal: blocks[0]?.normal.length ?? 0,
    operations: space.operations,
  };
  const [a, b] = parents;
  const genes = inherited(genotype, [a.architecture.genotype, b.architecture.genotype], form);
  const counts = tally(genes);
  return (
    <>
      <ParentCard name="A" parent={a} search={search} />
      <ParentCard name="B" parent={b} search={search} />
      <ul className={styles['marks']} aria-label={`Of ${genotype.length} genes`}>
        {HERITAGES.map((from) => (
          <li key={from}>
            <Mark from={from} /> {counts[from]} of {genotype.length} genes: {MARKS[from][1]}
          </li>
        ))}
      </ul>
      <div className={styles['blocks']}>
        {genes.map((block, i) => (
          // oxlint-disable-next-line react/no-array-index-key -- A block is its place.
          <BlockGenes key={i} block={i} genes={block} />
        ))}
      </div>
      <p className="faint">
        Genotypes that build the same network are kept in one form, in which nodes may be numbered anew and
        pools are sorted. So a new gene may also be one that stands elsewhere in a parent.
      </p>
    </>
  );
}

function Told({
  architecture,
  individual,
  search,
}: {
  readonly architecture: Architecture;
  readonly individual: Individual;
  readonly search: string;
}) {
  const { origin, born, index, parents, objectives } = individual;
  const [a, b] = parents;
  return (
    <div className={styles['lineage']}>
      <p>
        The search met it in generation {born}, as number {index + 1} of its genotypes. {ORIGINS[origin]}
        {objectives && (
          <>
            {' '}
            Its objectives, both minimised:{' '}
            {objectives.map((value, i) => (
              // oxlint-disable-next-line react/no-array-index-key -- An objective is its place.
              <Fragment key={i}>
                {i > 0 && ' and '}
                {figure(value)}
              </Fragment>
            ))}
            .
          </>
        )}
      </p>
      {a !== undefined && b !== undefined && (
        <Heritages architecture={architecture} parents={[a, b]} search={search} />
      )}
    </div>
  );
}

/** `individual`: its global id; null: the search has not met it. */
export function Lineage(props: {
  readonly architecture: Architecture;
  readonly individual: string | null;
  readonly search: string;
}) {
  const { architecture, individual, search } = props;
  const [{ data, error }] = useQuery({
    query: INDIVIDUAL,
    variables: { id: individual ?? '' },
    pause: individual === null,
  });
  const node = data?.node;
  const met = node && isIndividual(node) ? node : null;
  return (
    <Card title="Lineage">
      {individual === null && <p>No finished generation of this search has met it.</p>}
      {error !== undefined && met === null && <Notice tone="bad">{problemOf(error)}</Notice>}
      {individual !== null && met === null && error === undefined && <p role="status">Loading …</p>}
      {met !== null && <Told architecture={architecture} individual={met} search={search} />}
    </Card>
  );
}
