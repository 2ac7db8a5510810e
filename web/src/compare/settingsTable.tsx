// The settings of the searches side by side; a setting that is not the same in all is marked.

import { Link } from 'wouter';
import { lookedAt, SETTINGS } from '../searches/form.ts';
import { paths, useParameter } from '../ui/address.ts';
import { Card, Check, classes, styles as ui } from '../ui/ui.tsx';
import styles from './compare.module.css';
import { Mark } from './mark.tsx';
import { settingRows } from './settings.ts';
import type { Named } from './summary.tsx';

export function SettingsTable({ searches }: { readonly searches: readonly Named[] }) {
  const [only, setOnly] = useParameter('only');
  const rows = settingRows(
    searches.map(({ there }) => lookedAt(there.search.settings)),
    SETTINGS,
  );
  const differing = rows.filter(({ differs }) => differs);
  const shown = only === 'differences' ? differing : rows;
  return (
    <Card
      title="Settings"
      tools={
        <Check
          label="only differences"
          checked={only === 'differences'}
          onChange={(on) => setOnly(on ? 'differences' : '')}
        />
      }
    >
      {shown.length === 0 ? (
        <p className="faint">All settings are the same.</p>
      ) : (
        <div className={classes(ui['scroll'], styles['scroll'])}>
          <table className={classes(ui['table'], styles['table'])}>
            <thead>
              <tr>
                <th scope="col">Setting</th>
                {searches.map(({ there, look, name }) => (
                  <th key={there.id} scope="col">
                    <Link href={paths.search(there.id)} aria-label={`${look.letter}: ${name}`} title={name}>
                      <Mark look={look} />
                    </Link>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map(({ name, label, values, differs }) => (
                <tr key={name} className={classes(differs && styles['differs'])}>
                  <th scope="row">
                    {label}
                    {differs && <span className={styles['tag']}>differs</span>}
                  </th>
                  {values.map((value, i) => (
                    <td key={searches[i]?.there.id ?? i}>{value}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
