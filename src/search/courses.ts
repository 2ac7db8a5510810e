// How a search by each strategy goes on: in generations, or without.

import { type Evaluate, type ResolvedSettings, search, type SearchState } from './evolution.ts';
import { steadySearch } from './steady.ts';
import type { StrategyName } from './strategy.ts';

/** Runs a search from a state to its last generation, giving each generation's state. */
type Course = (
  settings: ResolvedSettings,
  evaluate: Evaluate,
  signal: AbortSignal,
  from: SearchState,
) => AsyncGenerator<SearchState>;

export const COURSES: Readonly<Record<StrategyName, Course>> = {
  nsga2: search,
  steady: (settings, ...rest) => steadySearch(settings, ...rest, settings.lanes),
  random: search,
};
