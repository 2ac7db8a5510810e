// What has come of each search, a row each.

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { paths } from '../ui/address.ts';
import { duration, figure, INDICATORS, isAtWork, whole } from '../ui/format.ts';
import { Card, classes, Status, styles as ui } from '../ui/ui.tsx';
import styles from './compare.module.css';
import type { ComparedSearch } from './compared.ts';
import { Mark } from './mark.tsx';
import type { Shown } from './marks.ts';
import { indicatorOf, MACS, PARAMS } from './quantities.ts';

export interface Named extends Shown {
  readonly name: string;
}

function took(search: ComparedSearch): string {
  const { createdAt, finishedAt } = search;
  if (!finishedAt && !isAtWork(search)) return '–';
  const until = finishedAt ? Date.parse(finishedAt) : Date.now();
  return `${duration((until - Date.parse(createdAt)) / 1000)}${isAtWork(search) ? ' so far' : ''}`;
}

function Best({ search }: { readonly search: ComparedSearch }): ReactNode {
  if (!search.best) return '–';
  const { individual } = search.best;
  return (
    <Link href={paths.architecture(individual.architecture.id, search.id)}>
      {MACS.show(MACS.of(individual))} MACs, {PARAMS.show(PARAMS.of(individual))} params
    </Link>
  );
}

export function Summary(props: {
  readonly searches: readonly Named[];
  readonly onRemove: (id: string) => void;
}) {
  const { searches, onRemove } = props;
  const names = [...new Set(searches.flatMap(({ there }) => there.search.settings.indicators))];
  return (
    <Card title="What has come of them">
      <div className={classes(ui['scroll'], styles['scroll'])}>
        <table className={classes(ui['table'], styles['table'])}>
          <thead>
            <tr>
              <th scope="col">Search</th>
              <th scope="col">State</th>
              <th scope="col" className="number">
                Scored
              </th>
              <th scope="col" className="number">
                Hypervolume
              </th>
              <th scope="col">Best pick</th>
              {names.map((name) => (
                <th key={name} scope="col" className="number">
                  Its {INDICATORS[name].short}
                </th>
              ))}
              <th scope="col" className="number">
                Took
              </th>
              <th scope="col">
                <span className="unseen">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {searches.map(({ there: { search }, look, name }) => (
              <tr key={search.id}>
                <th scope="row">
                  <span className={styles['named']}>
                    <Mark look={look} />
                    <Link href={paths.search(search.id)}>{name}</Link>
                  </span>
                  {search.failure && <p className={ui['wrong']}>{search.failure.message}</p>}
                </th>
                <td>
                  <Status of={search.status} />
                </td>
                <td className="number">
                  {whole(search.progress.evaluations)} of {whole(search.progress.plannedEvaluations)}
                </td>
                <td className="number">{figure(search.hypervolume)}</td>
                <td>
                  <Best search={search} />
                </td>
                {names.map((at) => (
                  <td key={at} className="number">
                    {figure(search.best ? indicatorOf(at).of(search.best.individual) : null)}
                  </td>
                ))}
                <td className="number">{took(search)}</td>
                <td className="number">
                  <button
                    type="button"
                    className={ui['button']}
                    aria-label={`Take out ${name}`}
                    onClick={() => onRemove(search.id)}
                  >
                    Take out
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
