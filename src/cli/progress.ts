// What takes a while, drawn on stderr: a bar on a terminal, lines elsewhere.

import progressBars, { SingleBar } from 'cli-progress';
import type { Progress as Download } from '../data/download.ts';
import { protocolId } from '../search/identity.ts';
import { plannedEvaluations } from '../search/settings.ts';
import type { Service } from '../service/service.ts';
import type { GenerationRecord, SearchRecord } from '../storage/records.ts';

// Signals are the command's own business: `gracefulExit` would listen to them and so keep the process alive.
export const BAR = {
  gracefulExit: false,
  hideCursor: true,
  barsize: 24,
  barCompleteChar: '█',
  barIncompleteChar: '░',
} as const;

/** Columns of a bar. */
const WIDEST = 24;
const NARROWEST = 8;

/** The bar and as many of the parts, from the first, as go on one line; the bar gets what they leave. */
export function fitLine(share: number, parts: readonly string[], columns: number): string {
  // A full line would wrap on some terminals.
  const room = columns - 1;
  let text = '';
  for (const part of parts) {
    const longer = text === '' ? ` ${part}` : `${text} | ${part}`;
    if (longer.length > room - NARROWEST) break;
    text = longer;
  }
  const width = Math.max(0, Math.min(WIDEST, room - text.length));
  const complete = Math.round(share * width);
  return BAR.barCompleteChar.repeat(complete) + BAR.barIncompleteChar.repeat(width - complete) + text;
}

/** What a person follows of a search: how far, how good, how long still. */
interface Progress {
  evaluated(): void;
  /** `best`: what there is to say of the pick, the most important first. */
  generation(record: GenerationRecord, best: readonly string[]): void;
  stop(): void;
}

type Draw = (search: SearchRecord, stream: NodeJS.WriteStream) => Progress;

const drawBar: Draw = ({ settings }, stream) => {
  let last: number | '-' = '-';
  let quality: readonly string[] = [];
  const bar = new SingleBar({
    ...BAR,
    stream,
    etaBuffer: 100,
    format(options, { progress, value, total, eta }) {
      const left = Number.isFinite(eta) ? progressBars.Format.TimeFormat(eta, options, 1) : '-';
      const parts = [`${value}/${total}`, `generation ${last}/${settings.generations}`, `${left} left`];
      return fitLine(progress, [...parts, ...quality], stream.columns);
    },
  });
  bar.start(plannedEvaluations(settings), 0);
  return {
    evaluated: () => bar.increment(),
    generation({ generation, hypervolume }, [first = '-', ...more]) {
      last = generation;
      quality = [`hypervolume ${hypervolume.toFixed(4)}`, `best ${first}`, ...more];
    },
    stop: () => bar.stop(),
  };
};

/** Of the generations that finish from now on, of which a search that is resumed has had some. */
const writeLines: Draw = ({ settings, generation: last, evaluations: before }, stream) => {
  const start = performance.now();
  const total = plannedEvaluations(settings);
  return {
    evaluated: () => undefined,
    generation({ generation, hypervolume, evaluations }, best) {
      if (generation <= last) return;
      const left = ((performance.now() - start) / (evaluations - before)) * (total - evaluations);
      stream.write(
        `generation ${generation}/${settings.generations}: ${evaluations}/${total} scored, hypervolume ${hypervolume.toFixed(4)}, ` +
          `best ${best.join(', ') || '-'}, ${Math.ceil(left / 1000)} s left\n`,
      );
    },
    stop: () => undefined,
  };
};

/** The pick of a generation: what it costs, and both indicators. */
async function describeBest(
  service: Service,
  search: SearchRecord,
  { best }: GenerationRecord,
): Promise<readonly string[]> {
  if (best === null || search.protocol === null) return [];
  const key = { protocolId: protocolId(search.protocol), architecture: best };
  const [record] = await service.archive.architectures([key]);
  if (record === undefined) return [];
  const { scores, macs } = record.evaluation;
  const values = search.settings.indicators.map((name) => {
    const score = scores[name];
    const value = score?.log === undefined ? score?.value : score.log;
    return `${score?.log === undefined ? '' : 'ln '}${name} ${value?.toFixed(2) ?? '-'}`;
  });
  return [`${(macs / 1e6).toFixed(1)} M MACs`, ...values];
}

/** Draws a search until it ends or the signal aborts. */
export async function followSearch(
  service: Service,
  started: SearchRecord,
  output: NodeJS.WriteStream,
  signal: AbortSignal,
): Promise<void> {
  const { id } = started;
  const progress = (output.isTTY ? drawBar : writeLines)(started, output);
  try {
    for await (const { happening } of service.follow(id, 0, signal)) {
      if (happening.type === 'evaluated') progress.evaluated();
      if (happening.type === 'generation') {
        const [generation] = await service.archive.generations(id, [happening.generation]);
        const { body } = await service.archive.getSearch(id);
        if (generation) progress.generation(generation, await describeBest(service, body, generation));
      }
    }
  } finally {
    progress.stop();
  }
}

/** Draws downloads, one after another. */
export function drawDownloads(stream: NodeJS.WriteStream): (download: Download) => void {
  let bar: SingleBar | null = null;
  return ({ name, received, total }) => {
    if (!stream.isTTY) {
      if (received === 0) stream.write(`downloading ${name}\n`);
      return;
    }
    if (bar === null) {
      bar = new SingleBar({ ...BAR, stream, format: `{bar} ${name} {percentage}% | {eta_formatted} left` });
      bar.start(total ?? 0, 0);
    }
    bar.update(received);
    if (received !== total) return;
    bar.stop();
    bar = null;
  };
}
