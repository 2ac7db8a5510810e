// The fronts of the last generations in one plot, over axes that all searches have.

import { useCallback, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { Scatter } from '../plot/scatter.tsx';
import { useAxis } from '../measure/axis.tsx';
import { paths } from '../ui/address.ts';
import { Card, Facts, styles as ui } from '../ui/ui.tsx';
import styles from './compare.module.css';
import { dotId, dotsOf, trailsOf } from './marks.ts';
import { type Candidate, quantitiesOf, usualAxes } from './quantities.ts';
import type { Named } from './summary.tsx';

interface Member {
  readonly candidate: Candidate;
  readonly of: Named;
}

/** Members by the name of their mark. */
const membersOf = (searches: readonly Named[]): ReadonlyMap<string, Member> =>
  new Map(
    searches.flatMap((of) =>
      of.there.search.paretoFront.map(
        ({ individual }) =>
          [dotId(of.there.id, individual.architecture.id), { candidate: individual, of }] as const,
      ),
    ),
  );

export function Fronts(props: {
  /** All of them; axes do not change when one is hidden. */
  readonly searches: readonly Named[];
  readonly hidden: ReadonlySet<string>;
  /** Whether objectives of one mean the same as those of another. */
  readonly sameFrame: boolean;
  /** In what indicators do not compare, in words. */
  readonly warning: string | null;
}) {
  const { searches, hidden, sameFrame, warning } = props;
  const [selected, setSelected] = useState<readonly string[]>([]);
  const quantities = useMemo(
    () =>
      quantitiesOf(
        searches.map(({ there }) => there),
        sameFrame,
      ),
    [searches, sameFrame],
  );
  const [usualX, usualY] = usualAxes(quantities);
  const candidates = useMemo(
    () => searches.flatMap(({ there }) => there.search.paretoFront.map(({ individual }) => individual)),
    [searches],
  );
  const x = useAxis<Candidate>('x', quantities, usualX, candidates);
  const y = useAxis<Candidate>('y', quantities, usualY, candidates);
  const shown = useMemo(() => searches.filter(({ there }) => !hidden.has(there.id)), [searches, hidden]);
  const plane = useMemo(
    () => ({ x: x.quantity, y: y.quantity, xKind: x.kind, yKind: y.kind }),
    [x.quantity, y.quantity, x.kind, y.kind],
  );
  const dots = useMemo(() => dotsOf(shown, plane), [shown, plane]);
  const trails = useMemo(() => trailsOf(shown, plane), [shown, plane]);
  const members = useMemo(() => membersOf(shown), [shown]);

  const factsOf = useCallback(
    (id: string): readonly (readonly [string, string])[] => {
      const member = members.get(id);
      if (member === undefined) return [];
      const { candidate, of } = member;
      const others = shown.filter(
        (one) => one !== of && members.has(dotId(one.there.id, candidate.architecture.id)),
      );
      return [
        ['Search', of.look.letter],
        ...quantities.map(({ label, of: read, show }) => [label, show(read(candidate))] as const),
        ...(others.length === 0
          ? []
          : [['Also on the front of', others.map(({ look }) => look.letter).join(', ')] as const]),
      ];
    },
    [members, shown, quantities],
  );
  const chosen = members.get(selected[0] ?? '');
  return (
    <Card
      title="Fronts of the last generations"
      tools={
        <>
          {x.controls}
          {y.controls}
        </>
      }
    >
      <Scatter
        label="Fronts"
        x={{ label: x.quantity.label, kind: x.kind }}
        y={{ label: y.quantity.label, kind: y.kind }}
        dots={dots}
        trails={trails}
        selected={selected}
        onSelect={(id) => setSelected([id])}
        describe={factsOf}
      />
      <p className={styles['note']}>
        {warning}
        {warning !== null && ' '}A larger mark is its search’s best pick. Lines join those that no other of
        the front betters in both axes.
      </p>
      {chosen !== undefined && (
        <div className={styles['chosen']} role="status">
          <Facts facts={factsOf(selected[0] ?? '')} />
          <Link
            className={ui['button'] ?? ''}
            href={paths.architecture(chosen.candidate.architecture.id, chosen.of.there.id)}
          >
            Look at this architecture
          </Link>
        </div>
      )}
    </Card>
  );
}
