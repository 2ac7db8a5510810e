// Trainings in rows: how far each has come, what it measured, and what can be done to it.

import { Link } from 'wouter';
import type { TrainingRowFragment } from '../api/generated/graphql.ts';
import { paths } from '../ui/address.ts';
import { moment, trainingTitle, whole } from '../ui/format.ts';
import list from '../ui/list.module.css';
import { classes, Progress, Status, styles as ui } from '../ui/ui.tsx';
import { Controls } from './controls.tsx';
import { estimateText, share } from './estimate.ts';

interface TableProps {
  readonly rows: readonly TrainingRowFragment[];
  readonly onChange: () => void;
  /** Which are checked, to compare them; left out: none can be. */
  readonly checked?: readonly string[];
  readonly onCheck?: (checked: readonly string[]) => void;
}

function Row(props: Omit<TableProps, 'rows'> & { readonly row: TrainingRowFragment }) {
  const { row, checked = [], onCheck, onChange } = props;
  const { progress, weights, test } = row;
  const name = trainingTitle(row);
  return (
    <tr>
      {onCheck !== undefined && (
        <td>
          <input
            type="checkbox"
            aria-label={`Compare ${name}`}
            checked={checked.includes(row.id)}
            onChange={({ target }) =>
              onCheck(target.checked ? [...checked, row.id] : checked.filter((id) => id !== row.id))
            }
          />
        </td>
      )}
      <th scope="row">
        <Link href={paths.training(row.id)}>{name}</Link>
        {row.failure && <p className={ui['wrong']}>{row.failure.message}</p>}
      </th>
      <td>
        <Status of={row.status} position={row.queuePosition ?? null} />
      </td>
      <td className={list['progress']}>
        <Progress value={progress.epochs / progress.plannedEpochs} label={`Progress of ${name}`} />
        <span className="faint">
          {whole(progress.epochs)} of {whole(progress.plannedEpochs)} epochs
        </span>
      </td>
      <td className="number" data-label="Best validation AUC">
        {share(weights?.validationAuc)}
      </td>
      <td className="number" data-label="Test AUC" title={test ? estimateText(test.auc) : undefined}>
        {share(test?.auc.value)}
      </td>
      <td className="number" data-label="Test ACC" title={test ? estimateText(test.acc) : undefined}>
        {share(test?.acc.value)}
      </td>
      <td data-label="Started">{moment(row.createdAt)}</td>
      <td>
        <Controls id={row.id} status={row.status} name={name} onDone={onChange} />
      </td>
    </tr>
  );
}

export function TrainingTable({ rows, ...props }: TableProps) {
  return (
    <div className={ui['scroll']} role="region" aria-label="Table of trainings" tabIndex={0}>
      <table
        className={classes(ui['table'], list['table'], props.onCheck === undefined && list['unchecked'])}
      >
        <thead>
          <tr>
            {props.onCheck !== undefined && (
              <th>
                <span className="unseen">Compare</span>
              </th>
            )}
            <th>Training</th>
            <th>State</th>
            <th>Trained</th>
            <th className="number">Best val. AUC</th>
            <th className="number">Test AUC</th>
            <th className="number">Test ACC</th>
            <th>Started</th>
            <th>
              <span className="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.id} row={row} {...props} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
