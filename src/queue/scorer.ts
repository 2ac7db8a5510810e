// What a worker does with a scoring job: scores its genotypes on the engine of this process, and tells of them as
// they come.

import { unlessAborted } from '../abort.ts';
import type { Engine, Evaluator } from '../engine/engine.ts';
import type { Evaluation, Protocol } from '../search/evaluation.ts';
import { type ProtocolId, protocolId } from '../search/identity.ts';
import type { Batches } from './batches.ts';
import type { Scored, ScoreJob } from './jobs.ts';

/** Milliseconds for which scores are gathered before they are told. */
const TELL_MS = 200;

/** Protocols whose batches are held at the same time. */
const PROTOCOLS = 8;

/** Evaluators by protocol, the last few. */
function openEvaluators(engine: Engine, batches: Batches): (protocol: Protocol) => Promise<Evaluator> {
  const known = new Map<ProtocolId, Promise<Evaluator>>();
  return (protocol) => {
    const id = protocolId(protocol);
    const found = known.get(id) ?? batches.of(protocol).then((batch) => engine.evaluator(protocol, batch));
    known.delete(id);
    known.set(id, found);
    found.catch(() => known.get(id) === found && known.delete(id));
    const [oldest] = known.keys();
    if (known.size > PROTOCOLS && oldest !== undefined) known.delete(oldest);
    return found;
  };
}

/** Tells of scores as they come, several at a time. What is not told at the end is in what the job answers. */
function openTelling(tell: (scored: Scored) => void) {
  const all: (readonly [number, Evaluation])[] = [];
  let told = 0;
  let timer: NodeJS.Timeout | null = null;
  return {
    all,
    add(place: number, evaluation: Evaluation): void {
      all.push([place, evaluation]);
      timer ??= setTimeout(() => {
        timer = null;
        tell(all.slice(told));
        told = all.length;
      }, TELL_MS);
    },
    close: () => timer !== null && clearTimeout(timer),
  };
}

export type Scorer = (job: ScoreJob, signal: AbortSignal, tell: (scored: Scored) => void) => Promise<Scored>;

/** Answers with what was scored until the signal came. @throws what is the machine's: others may try. */
export function openScorer(
  engine: Engine,
  batches: Batches,
  /** Told of each job that is over: of how many architectures it scored, how many. */
  onJob: (scored: number, of: number) => void,
): Scorer {
  const evaluatorOf = openEvaluators(engine, batches);
  return async ({ protocol, genotypes }, signal, tell) => {
    const telling = openTelling(tell);
    try {
      const evaluator = await unlessAborted(evaluatorOf(protocol), signal);
      await evaluator.evaluate(genotypes, signal, async (place, evaluation) =>
        telling.add(place, evaluation),
      );
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      telling.close();
    }
    onJob(telling.all.length, genotypes.length);
    return telling.all;
  };
}
