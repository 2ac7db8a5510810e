// What takes a while, drawn on stderr: a bar on a terminal, lines elsewhere.

import { SingleBar } from 'cli-progress';
import type { Progress as Download } from '../data/download.ts';
import { protocolId } from '../search/identity.ts';
import { plannedEvaluations } from '../search/settings.ts';
import type { Service } from '../service/service.ts';
import type { GenerationRecord, SearchRecord } from '../storage/records.ts';

// Signals are the command's own business: `gracefulExit` would listen to them and so keep the process alive.
const BAR = {
  gracefulExit: false,
  hideCursor: true,
  barsize: 24,
  barCompleteChar: '█',
  barIncompleteChar: '░',
} as const;

/** What a person follows of a search: how far, how good, how long still. */
interface Progress {
  evaluated(): void;
  generation(record: GenerationRecord, best: string): void;
  stop(): void;
}

type Draw = (search: SearchRecord, stream: NodeJS.WriteStream) => Progress;

const drawBar: Draw = ({ settings }, stream) => {
  const { generations } = settings;
  const bar = new SingleBar({
    ...BAR,
    stream,
    etaBuffer: 100,
    format:
      '{bar} {value}/{total} scored | generation {generation} | hypervolume {hypervolume} | best {best} | {eta_formatted} left',
  });
  bar.start(plannedEvaluations(settings), 0, { generation: `-/${generations}`, hypervolume: '-', best: '-' });
  return {
    evaluated: () => bar.increment(),
    generation: ({ generation, hypervolume }, best) =>
      bar.update({ generation: `${generation}/${generations}`, hypervolume: hypervolume.toFixed(4), best }),
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
          `best ${best}, ${Math.ceil(left / 1000)} s left\n`,
      );
    },
    stop: () => undefined,
  };
};

/** The pick of a generation in a few words: both indicators, and what it costs. */
async function describeBest(
  service: Service,
  search: SearchRecord,
  { best }: GenerationRecord,
): Promise<string> {
  if (best === null || search.protocol === null) return '-';
  const key = { protocolId: protocolId(search.protocol), architecture: best };
  const [record] = await service.archive.architectures([key]);
  if (record === undefined) return '-';
  const { scores, macs } = record.evaluation;
  const values = search.settings.indicators.map((name) => {
    const score = scores[name];
    const value = score?.log === undefined ? score?.value : score.log;
    return `${score?.log === undefined ? '' : 'ln '}${name} ${value?.toFixed(2) ?? '-'}`;
  });
  return `${values.join(', ')}, ${(macs / 1e6).toFixed(1)} M MACs`;
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
