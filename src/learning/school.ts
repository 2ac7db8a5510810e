// Who trains: a training asks for its epochs one by one, and for what its best network measures; whether an engine of
// this process does that, or workers elsewhere, is the school's affair.

import type { Engine, EngineInfo, ScoringEngine } from '../engine/engine.ts';
import { initialState } from '../engine/training/state.ts';
import type { TrainingState } from '../engine/training/trainer.ts';
import type { Measured } from '../metrics/measured.ts';
import type { Validation } from '../training/protocol.ts';
import { type Course, diverged, examine, learnEpoch } from './epoch.ts';

/** An epoch behind a course. */
export interface Epoch {
  /** In shared memory. */
  readonly state: TrainingState;
  /** Mean over its images, each before the update it was part of. */
  readonly loss: number;
  readonly validation: Validation;
}

export interface Examined {
  readonly validation: Measured;
  readonly test: Measured;
}

/**
 * Promises: the same course from the same state comes to the same bits, whoever is at work beside it.
 * All throw MedNasError DIVERGED, BATCH_TOO_LARGE, CRASHED (it killed who trained it), ENGINE_UNAVAILABLE, and the
 * signal's reason.
 */
export interface School {
  /** Of a training whose epochs so far have this arithmetic, `numerics`; null: there are none. Memory: of one machine. */
  trainerFor(numerics: string | null): Pick<EngineInfo, 'memory' | 'numerics'>;
  /** Epoch `epoch`, from 0, and its validation. `from` null: the network as it is drawn. `onSecond`: about every second. */
  learn(
    course: Course,
    epoch: number,
    from: TrainingState | null,
    signal: AbortSignal,
    onSecond: () => Promise<void>,
  ): Promise<Epoch>;
  /** All epochs of the course's recipe, for what the last one's validation says. */
  estimate(course: Course, signal: AbortSignal): Promise<Validation>;
  /** What a network of these values measures, with so many bootstrap samples. `epoch`: that it is of, for people. */
  examine(
    course: Course,
    epoch: number,
    values: Float32Array,
    resamples: number,
    signal: AbortSignal,
  ): Promise<Examined>;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** The school of an engine of this process, which it leaves open. */
export function openSchool(engine: Engine): School {
  async function validate(
    course: Course,
    epoch: number,
    values: Float32Array,
    signal: AbortSignal,
  ): Promise<Validation> {
    const answer = await examine(engine, course, 'val', values, 0, signal);
    const { auc, acc } = answer?.measured ?? {};
    if (answer === null || typeof auc?.value !== 'number' || typeof acc?.value !== 'number')
      throw diverged(epoch, 'An answer for the validation images', course.recipe);
    return { loss: finite(answer.loss), auc: auc.value, acc: acc.value };
  }

  return {
    trainerFor: () => engine.info,
    async learn(course, epoch, from, signal, onSecond) {
      const start = from ?? initialState(course.problem, course.recipe.seed);
      const { state, loss } = await learnEpoch(engine, course, epoch, start, signal, onSecond);
      return { state, loss, validation: await validate(course, epoch, state.values, signal) };
    },
    async estimate(course, signal) {
      const { epochs, seed } = course.recipe;
      let state = initialState(course.problem, seed);
      for (let epoch = 0; epoch < epochs; epoch++)
        ({ state } = await learnEpoch(engine, course, epoch, state, signal, () => Promise.resolve()));
      return await validate(course, epochs - 1, state.values, signal);
    },
    async examine(course, epoch, values, resamples, signal) {
      const measure = async (split: 'val' | 'test'): Promise<Measured> => {
        const answer = await examine(engine, course, split, values, resamples, signal);
        if (answer === null) throw diverged(epoch, `An answer for the images of ${split}`, course.recipe);
        return answer.measured;
      };
      return { validation: await measure('val'), test: await measure('test') };
    },
  };
}

/** Who scores, and who trains. */
export interface Computing {
  readonly engine: ScoringEngine;
  readonly school: School;
}

export const inProcess = (engine: Engine): Computing => ({ engine, school: openSchool(engine) });
