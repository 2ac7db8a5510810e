// What a training ends with, as one JSON document and as a page to read.

import type { EpochRecord, TrainingRecord } from '../storage/records.ts';
import type { WeightsFile } from '../storage/weights.ts';
import { table } from './report.ts';

type Result = NonNullable<TrainingRecord['measured']>['test'];

const column = <T>(epochs: readonly EpochRecord[], of: (epoch: EpochRecord) => T): readonly T[] =>
  epochs.map(of);

const describe = ({ auc, acc, balancedAccuracy, quadraticKappa, ...rest }: Result) => ({
  auc: auc.value,
  aucInterval: auc.interval && [auc.interval.low, auc.interval.high],
  acc: acc.value,
  accInterval: acc.interval && [acc.interval.low, acc.interval.high],
  balancedAccuracy: balancedAccuracy.value,
  quadraticKappa: quadraticKappa?.value ?? null,
  samples: rest.samples,
  confusion: rest.confusion,
  classes: rest.classes,
});

export type TrainingReport = ReturnType<typeof reportOf>;

export function reportOf(
  record: TrainingRecord,
  epochs: readonly EpochRecord[],
  file: WeightsFile | null,
  wallSeconds: number,
) {
  const { measured, best, seconds = 0 } = record;
  return {
    run: {
      id: record.id,
      status: record.status,
      model: record.model,
      architecture: record.architecture,
      dataset: record.dataset,
      recipe: record.recipe,
      protocol: record.protocol,
      epochs: record.epoch + 1,
      /** From 0. */
      bestEpoch: best?.epoch ?? null,
      weights: file,
    },
    validation: measured && describe(measured.validation),
    test: measured && describe(measured.test),
    /** An entry an epoch. */
    curves: {
      trainingLoss: column(epochs, ({ trainingLoss }) => trainingLoss),
      validationLoss: column(epochs, ({ validation }) => validation.loss),
      validationAuc: column(epochs, ({ validation }) => validation.auc),
      validationAcc: column(epochs, ({ validation }) => validation.acc),
      learningRate: column(epochs, ({ learningRate }) => learningRate),
      seconds: column(epochs, ({ seconds }) => seconds),
    },
    timings: { wallSeconds, trainingSeconds: seconds },
  };
}

const shown = (value: number | null, interval: readonly number[] | null): string =>
  value === null
    ? '-'
    : value.toFixed(4) +
      (interval === null ? '' : ` (${interval.map((end) => end.toFixed(4)).join(' to ')})`);

const named = ({ model }: TrainingReport['run']): string =>
  model.kind === 'baseline' ? model.name : `genotype ${model.genotype.join(',')}`;

/** For a person; `archive` says where the training is kept. */
export function pageOf(report: TrainingReport, archive: string): string {
  const { run, validation, test, timings } = report;
  const rows = Object.entries({ validation, test }).flatMap(([split, result]) =>
    result === null
      ? []
      : [
          [
            split,
            String(result.samples),
            shown(result.auc, result.aucInterval),
            shown(result.acc, result.accInterval),
          ],
        ],
  );
  const sensitivities = (test?.classes ?? []).flatMap(({ name, sensitivityAt }) =>
    sensitivityAt.map(({ leastSpecificity, sensitivity }) => {
      const interval = sensitivity.interval && [sensitivity.interval.low, sensitivity.interval.high];
      return [name, `at specificity ${leastSpecificity}`, shown(sensitivity.value, interval)];
    }),
  );
  return [
    `Training ${run.id} ${run.status}: ${named(run)}, ${run.model.initChannels} channels, on ${run.dataset}.`,
    `${run.epochs} epochs in ${timings.trainingSeconds.toFixed(1)} s, the best ${(run.bestEpoch ?? 0) + 1}; archived in ${archive}.`,
    '',
    table([['split', 'images', 'AUC (95 %)', 'ACC (95 %)'], ...rows]),
    '',
    table([['class', '', 'test sensitivity (95 %)'], ...sensitivities]),
    '',
    `Weights: ${run.weights?.path ?? 'none'}`,
    '',
  ].join('\n');
}
