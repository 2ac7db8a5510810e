// How far a training has come, drawn on stderr: a bar on a terminal, a line an epoch elsewhere.

import progressBars, { SingleBar } from 'cli-progress';
import type { Service } from '../service/service.ts';
import type { EpochRecord, TrainingRecord } from '../storage/records.ts';
import { BAR, fitLine } from './progress.ts';

interface Progress {
  epoch(record: EpochRecord): void;
  stop(): void;
}

type Draw = (training: TrainingRecord, stream: NodeJS.WriteStream) => Progress;

/** What there is to say of an epoch, the most important first; `best`: the largest AUC so far. */
const partsOf = ({ trainingLoss, validation }: EpochRecord, best: number): readonly string[] => [
  `validation AUC ${validation.auc.toFixed(4)}`,
  `best ${best.toFixed(4)}`,
  `ACC ${validation.acc.toFixed(4)}`,
  `loss ${trainingLoss.toFixed(4)}`,
];

const drawBar: Draw = ({ recipe }, stream) => {
  let best = -Infinity;
  let quality: readonly string[] = [];
  const bar = new SingleBar({
    ...BAR,
    stream,
    etaBuffer: 10,
    format(options, { progress, value, total, eta }) {
      const left = Number.isFinite(eta) ? progressBars.Format.TimeFormat(eta, options, 1) : '-';
      return fitLine(progress, [`epoch ${value}/${total}`, `${left} left`, ...quality], stream.columns);
    },
  });
  bar.start(recipe.epochs, 0);
  return {
    epoch(record) {
      best = Math.max(best, record.validation.auc);
      quality = partsOf(record, best);
      bar.increment();
    },
    stop: () => bar.stop(),
  };
};

/** Of the epochs that finish from now on, of which a training that is resumed has had some. */
const writeLines: Draw = ({ recipe, epoch: last }, stream) => {
  let best = -Infinity;
  let seconds = 0;
  return {
    epoch(record) {
      best = Math.max(best, record.validation.auc);
      seconds += record.seconds;
      if (record.epoch <= last) return;
      const done = record.epoch + 1;
      const left = (seconds / done) * (recipe.epochs - done);
      stream.write(
        `epoch ${done}/${recipe.epochs}: ${partsOf(record, best).join(', ')}, ${Math.ceil(left)} s left\n`,
      );
    },
    stop: () => undefined,
  };
};

/** Draws a training until it ends or the signal aborts. */
export async function followTraining(
  service: Service,
  started: TrainingRecord,
  output: NodeJS.WriteStream,
  signal: AbortSignal,
): Promise<void> {
  const progress = (output.isTTY ? drawBar : writeLines)(started, output);
  try {
    for await (const { happening } of service.followTraining(started.id, 0, signal)) {
      if (happening.type !== 'epoch') continue;
      const key = { training: started.id, epoch: happening.epoch };
      const [record] = await service.archive.findEpochs([key]);
      if (record !== undefined) progress.epoch(record);
    }
  } finally {
    progress.stop();
  }
}
