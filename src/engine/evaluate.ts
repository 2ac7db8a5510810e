// Judges one architecture: builds its network, reads each indicator of the protocol, times it.

import {
  type Evaluation,
  type IndicatorName,
  isTrainingFree,
  type Protocol,
  type Score,
  type TrainingFreeName,
} from '../search/evaluation.ts';
import { macs, type Network, params } from '../search/network.ts';
import type { Genotype } from '../search/space/space.ts';
import { SPACES } from '../search/space/spaces.ts';
import { type Backend, OutOfMemoryError } from './backend.ts';
import type { EngineBatch } from './engine.ts';
import type { Wanted } from './gradients/gradient.ts';
import type { Subject } from './indicators/indicator.ts';
import { INDICATOR_TABLE } from './indicators/table.ts';

export interface Task {
  readonly genotype: Genotype;
  readonly protocol: Protocol;
  readonly batch: EngineBatch;
}

/** The network a genotype builds under a protocol. */
export function networkOf(genotype: Genotype, { space, ...options }: Protocol): Network {
  const found = SPACES[space];
  if (found === undefined) throw new Error(`the protocol names a space that does not exist: ${space}`);
  return found.build(genotype, options);
}

/** The evaluation of an architecture of which this machine could read no indicator. */
export function unscored({ genotype, protocol }: Omit<Task, 'batch'>, reason: string): Evaluation {
  const network = networkOf(genotype, protocol);
  const measured = { scores: {}, macs: macs(network), params: params(network) };
  return { status: 'infeasible', reason, machine: true, ...measured };
}

/** What some indicators read of the loss's derivatives. */
export const derivativesOf = (indicators: readonly IndicatorName[]): Wanted =>
  new Set(indicators.filter(isTrainingFree).flatMap((name) => INDICATOR_TABLE[name].derivatives));

function subjectOf({ genotype, protocol, batch }: Task, backend: Backend): Subject {
  const network = networkOf(genotype, protocol);
  const { input, seed, multiLabel, indicators } = protocol;
  const problem = { network, batch, input, seed, multiLabel };
  let gradient: ReturnType<Subject['gradient']> | null = null;
  return {
    network,
    protocol,
    batch,
    backend,
    problem,
    gradient: () => (gradient ??= backend.gradient(problem, derivativesOf(indicators))),
  };
}

async function timed(name: TrainingFreeName, subject: Subject): Promise<readonly [Score, string | null]> {
  const start = performance.now();
  const { flaw, ...values } = await INDICATOR_TABLE[name].read(subject);
  const seconds = (performance.now() - start) / 1000;
  return [{ ...values, seconds }, flaw === null ? null : `${name}: ${flaw}`];
}

export async function evaluate(task: Task, backend: Backend): Promise<Evaluation> {
  const subject = subjectOf(task, backend);
  const { network, protocol } = subject;
  const scores: { [I in IndicatorName]?: Score } = {};
  const flaws: string[] = [];
  let isOutOfMemory = false;
  // What takes training is its caller's.
  for (const name of protocol.indicators.filter(isTrainingFree)) {
    try {
      const [score, flaw] = await timed(name, subject);
      scores[name] = score;
      if (flaw !== null) flaws.push(flaw);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      flaws.push(`${name}: out of memory, ${error.message}`);
      isOutOfMemory = true;
      break;
    }
  }
  const measured = { scores, macs: macs(network), params: params(network) };
  return flaws.length === 0
    ? { status: 'ok', ...measured }
    : {
        status: 'infeasible',
        reason: flaws.join('; '),
        ...(isOutOfMemory && { machine: true }),
        ...measured,
      };
}
