// What a completed training measures: of its best epoch, on the test images beside the validation images.

import { useMemo } from 'react';
import type { MeasuredSplitFragment } from '../api/generated/graphql.ts';
import { Interval } from '../plot/interval.tsx';
import { Roc, type RocCurve } from '../plot/roc.tsx';
import { type Estimate, estimateText, percent, share } from '../trainings/estimate.ts';
import list from '../ui/list.module.css';
import { Card, classes, styles as ui } from '../ui/ui.tsx';
import { type Named, rowShares, sensitivityColumns } from './measures.ts';
import styles from './training.module.css';

export type Measured = MeasuredSplitFragment;

function Value({ estimate, chance }: { readonly estimate: Estimate; readonly chance?: number }) {
  return (
    <>
      <strong>{share(estimate.value)}</strong>
      {typeof estimate.low === 'number' && typeof estimate.high === 'number' && (
        <span className="faint">
          {' '}
          {share(estimate.low)} to {share(estimate.high)}
        </span>
      )}
      {estimate.reason && <span className="faint"> {estimate.reason}</span>}
      <Interval {...estimate} {...(chance !== undefined && { chance })} />
    </>
  );
}

interface Splits {
  readonly test: Measured;
  readonly validation: Measured;
}

export function Metrics({ test, validation }: Splits) {
  const splits = [test, validation];
  const ordered = splits.some(({ quadraticKappa }) => typeof quadraticKappa === 'number');
  return (
    <Card title="What it measures">
      <table className={ui['table']}>
        <thead>
          <tr>
            <th>
              <span className="unseen">Metric</span>
            </th>
            <th scope="col">Test</th>
            <th scope="col">Validation</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">AUC</th>
            {splits.map(({ auc }, i) => (
              <td key={i === 0 ? 'test' : 'validation'}>
                <Value estimate={auc} chance={0.5} />
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">ACC</th>
            {splits.map(({ acc }, i) => (
              <td key={i === 0 ? 'test' : 'validation'}>
                <Value estimate={acc} />
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">Balanced ACC</th>
            <td>{share(test.balancedAccuracy)}</td>
            <td>{share(validation.balancedAccuracy)}</td>
          </tr>
          {ordered && (
            <tr>
              <th scope="row">Quadratic kappa</th>
              <td>{share(test.quadraticKappa)}</td>
              <td>{share(validation.quadraticKappa)}</td>
            </tr>
          )}
          <tr>
            <th scope="row">Images</th>
            <td>{test.samples}</td>
            <td>{validation.samples}</td>
          </tr>
        </tbody>
      </table>
      <p className={styles['note']}>
        AUC and ACC as MedMNIST takes them, with 95 % bootstrap intervals. The validation images chose the
        epoch, so the test images are the fairer judge.
      </p>
    </Card>
  );
}

export function RocCard({ test }: Pick<Splits, 'test'>) {
  const curves = useMemo<readonly RocCurve[]>(
    () =>
      test.classes.map(({ name, auc, roc }) => ({
        label: name,
        note: `AUC ${estimateText(auc)}`,
        points: roc.map(({ falsePositiveRate, truePositiveRate }) => [falsePositiveRate, truePositiveRate]),
      })),
    [test],
  );
  return (
    <Card title="ROC on the test images" className={styles['half']}>
      <Roc
        label={curves.length === 1 ? 'ROC curve' : 'ROC curves, each class against the rest'}
        curves={curves}
      />
    </Card>
  );
}

const sensitivityAt = (least: number): string => `Sensitivity at ${percent(least)} specificity`;

export function Sensitivities({ test }: Pick<Splits, 'test'>) {
  const columns = sensitivityColumns(test.classes);
  return (
    <Card title="Sensitivity on the test images" className={styles['wide']}>
      <div className={ui['scroll']} role="region" aria-label="Sensitivity by class" tabIndex={0}>
        <table className={classes(ui['table'], list['table'], list['unchecked'])}>
          <thead>
            <tr>
              <th scope="col">Class</th>
              <th scope="col">Images</th>
              <th scope="col">AUC</th>
              {columns.map((least) => (
                <th key={least} scope="col">
                  {sensitivityAt(least)}
                </th>
              ))}
              <th scope="col">As decided: sensitivity</th>
              <th scope="col">Specificity</th>
            </tr>
          </thead>
          <tbody>
            {test.classes.map((one) => (
              <tr key={one.name}>
                <th scope="row">{one.name}</th>
                <td data-label="Images">{one.samples}</td>
                <td data-label="AUC">{estimateText(one.auc)}</td>
                {columns.map((least) => {
                  const at = one.sensitivityAt.find(({ leastSpecificity }) => leastSpecificity === least);
                  return (
                    <td key={least} data-label={sensitivityAt(least)}>
                      {at === undefined ? '–' : estimateText(at.sensitivity)}
                    </td>
                  );
                })}
                <td data-label="As decided: sensitivity">{share(one.sensitivity)}</td>
                <td data-label="Specificity">{share(one.specificity)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

/** `names`: of the classes, by label. */
export function Confusion({
  counts,
  names,
}: {
  readonly counts: Named['counts'];
  readonly names: Named['names'];
}) {
  const shares = rowShares(counts);
  return (
    <Card title="Confusion matrix of the test images">
      <div className={ui['scroll']} role="region" aria-label="Confusion matrix" tabIndex={0}>
        <table className={styles['confusion']}>
          <caption className="faint">Rows: what an image shows. Columns: what the network decides.</caption>
          <thead>
            <tr>
              <th>
                <span className="unseen">True class</span>
              </th>
              {names.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {counts.map((row, i) => (
              <tr key={names[i]}>
                <th scope="row">{names[i]}</th>
                {row.map((count, k) => {
                  const part = shares[i]?.[k] ?? 0;
                  return (
                    <td
                      key={names[k]}
                      style={{
                        background: `color-mix(in srgb, var(--accent) ${Math.round(45 * part)}%, var(--card))`,
                      }}
                    >
                      <strong>{count}</strong> <span>{percent(part)}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
