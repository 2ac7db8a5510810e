// Numbers and times as people read them.

import type {
  Baseline,
  Indicator,
  SearchRowFragment,
  SearchStatus,
  TrainingRowFragment,
} from '../api/generated/graphql.ts';

export const INDICATORS: Readonly<Record<Indicator, { readonly label: string; readonly short: string }>> = {
  JACOB_COV: { label: 'Jacobian covariance', short: 'jacobCov' },
  SYNFLOW: { label: 'SynFlow (ln)', short: 'ln synflow' },
  GRAD_NORM: { label: 'Gradient norm', short: 'gradNorm' },
  SNIP: { label: 'SNIP', short: 'snip' },
  GRASP: { label: 'GraSP', short: 'grasp' },
  FISHER: { label: 'Fisher', short: 'fisher' },
  VALID_AUC: { label: 'Validation AUC', short: 'validAuc' },
};

const AT_WORK: ReadonlySet<SearchStatus> = new Set(['QUEUED', 'PREPARING', 'RUNNING']);

/** Whether a run goes on by itself, now or when its turn comes. */
export const isAtWork = ({ status }: { readonly status: SearchStatus }): boolean => AT_WORK.has(status);

const OVER: ReadonlySet<SearchStatus> = new Set(['COMPLETED', 'CANCELLED', 'FAILED']);

export const isOver = (status: SearchStatus): boolean => OVER.has(status);

const PREFIXES = ['', 'k', 'M', 'G', 'T'] as const;

/** 459,241,472 as 459 M: three digits and a prefix. */
export function count(value: number): string {
  if (value < 999.5) return String(Math.round(value));
  const power = Math.floor(Math.log10(value) / 3);
  if (power >= PREFIXES.length) return value.toExponential(2);
  return `${Number((value / 1000 ** power).toPrecision(3))} ${PREFIXES[power] ?? ''}`;
}

/** Four digits; a dash for what is not finite. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return value.toExponential(2);
  return String(Number(value.toPrecision(5)));
}

/** A value beside an axis: short, large ones by prefix. */
export const tickText = (value: number): string =>
  Math.abs(value) < 1e4 ? figure(value) : `${value < 0 ? '-' : ''}${count(Math.abs(value))}`;

export const whole = (value: number): string => value.toLocaleString('en');

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

export const moment = (iso: string): string =>
  new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** The first characters of an id: enough to tell it from its neighbours. */
export const brief = (id: string): string => shortOf(id).slice(0, 8);

/** Global ids are base64 of type and id; what people tell apart is the id. */
function shortOf(id: string): string {
  try {
    return atob(id.replaceAll('-', '+').replaceAll('_', '/')).split(':').at(-1) ?? id;
  } catch {
    return id;
  }
}

/** The last part of a dataset's path, or its name. */
const shortName = (dataset: string): string => dataset.split('/').at(-1) ?? dataset;

const BASELINES: Readonly<Record<Baseline, string>> = { RESNET18: 'ResNet-18' };

/** What a trained network is called: a baseline's name, or what an architecture goes by. */
export const modelTitle = ({ baseline, hash }: TrainingRowFragment['model']): string =>
  baseline ? BASELINES[baseline] : `Architecture ${(hash ?? '').slice(0, 8)}`;

/** What a training is called: what is trained on what, and what sets it apart. */
export const trainingTitle = ({ model, datasetName, recipe }: TrainingRowFragment): string =>
  `${modelTitle(model)} on ${shortName(datasetName)}, ${model.initChannels} channels, seed ${recipe.seed}`;

/** Said of all but the paper's own. */
const STRATEGIES: Readonly<Record<SearchRowFragment['settings']['strategy'], string>> = {
  NSGA2: '',
  RANDOM: ', random',
  STEADY: ', steady',
};

/** What a search is called: its dataset and what sets it apart. */
export const titleOf = ({ dataset, initChannels, seed, strategy }: SearchRowFragment['settings']): string =>
  `${shortName(dataset)}, ${initChannels} channels, seed ${seed}${STRATEGIES[strategy]}`;
