// The architecture selected, in figures.

import { Link } from 'wouter';
import { paths } from '../ui/address.ts';
import { brief } from '../ui/format.ts';
import { Card, Facts, styles as ui } from '../ui/ui.tsx';
import type { Shown } from './search.tsx';
import styles from './search.module.css';

export function Selection({ search, story, quantities, selected, select }: Shown) {
  const scored = story.byId.get(selected);
  if (scored === undefined) {
    return (
      <Card title="Selection">
        <p className="faint">
          {selected === ''
            ? 'Click a point, or go to the plot with Tab, move with the arrow keys and press Enter.'
            : 'The architecture in the address is none this search has scored so far.'}
        </p>
      </Card>
    );
  }
  const member = story.generations.at(-1)?.members.find(({ id }) => id === selected);
  return (
    <Card
      title={`Architecture ${brief(selected)}`}
      tools={
        <button type="button" className={ui['button']} onClick={() => select('')}>
          Clear
        </button>
      }
    >
      <Facts
        facts={[
          ...quantities.map(({ label, of, show }) => [label, show(of(scored))] as const),
          ['Generation', scored.generation],
          ['Rank', member === undefined ? 'not in the last population' : member.rank],
        ]}
      />
      {scored.reason !== null && <p className={ui['wrong']}>{scored.reason}</p>}
      <p className={styles['genes']}>
        <code>{scored.genotype.join(' ')}</code>
      </p>
      <Link href={paths.architecture(selected, search.id)} className={ui['button'] ?? ''}>
        Open the architecture
      </Link>
    </Card>
  );
}
