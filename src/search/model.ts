// What can be trained and exported: an architecture of a search space, or a network to compare it with.

import { MedNasError } from './errors.ts';
import type { Network } from './network.ts';
import { buildResnet18 } from './resnet18.ts';
import type { BuildOptions, Genotype } from './space/space.ts';
import { SPACES } from './space/spaces.ts';

/** Networks known by name, and how they are built. */
export const BASELINES = { resnet18: buildResnet18 } as const satisfies Record<
  string,
  (options: BuildOptions) => Network
>;
export type BaselineName = keyof typeof BASELINES;
export const BASELINE_NAMES = Object.keys(BASELINES) as readonly BaselineName[];

export type Model =
  | {
      readonly kind: 'architecture';
      readonly space: string;
      /** Canonical. */
      readonly genotype: Genotype;
      readonly initChannels: number;
    }
  | {
      readonly kind: 'baseline';
      readonly name: BaselineName;
      /** Of the first stage: 64 in the paper. */
      readonly initChannels: number;
    };

/** @throws MedNasError INVALID_ARGUMENT when there is no such space. */
export function networkOfModel(model: Model, problem: Omit<BuildOptions, 'initChannels'>): Network {
  const options = { ...problem, initChannels: model.initChannels };
  if (model.kind === 'baseline') return BASELINES[model.name](options);
  const space = SPACES[model.space];
  if (space === undefined)
    throw new MedNasError('INVALID_ARGUMENT', `There is no search space '${model.space}'.`, {
      field: 'space',
    });
  return space.build(model.genotype, options);
}
