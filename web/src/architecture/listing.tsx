// The drawing as a table, for who would rather read it.

import { whole } from '../ui/format.ts';
import styles from './diagram.module.css';
import type { Drawing } from './drawing.ts';
import { shapeLabel } from './labels.ts';

export function Listing({ drawing }: { readonly drawing: Drawing }) {
  return (
    <details className={styles['listing']}>
      <summary>The same as a table</summary>
      <div className={styles['scroll']} role="region" aria-label="Nodes" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {['Node', 'What', 'Reads', 'Output', 'MACs', 'Params', 'Loose end'].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {drawing.sections.flatMap(({ nodes }) =>
              nodes.map((node) => (
                <tr key={node.id}>
                  <th scope="row">{node.id}</th>
                  <td>{node.title}</td>
                  <td>
                    {drawing.edges
                      .filter(([, to]) => to === node.id)
                      .map(([from]) => from)
                      .join(', ')}
                  </td>
                  <td>{shapeLabel(node.shape)}</td>
                  <td className="number">{whole(node.macs)}</td>
                  <td className="number">{whole(node.params)}</td>
                  <td>{node.loose ? 'yes' : ''}</td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </div>
    </details>
  );
}
