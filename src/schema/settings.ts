// A search's settings, as they are given and as they are shown. What each may be is decided by
// `parseSettings`; here it is only said.

import { Field, Float, InputType, Int, ObjectType } from 'type-graphql';
import type { IndicatorName } from '../search/evaluation.ts';
import { type IndicatorScale, OBJECTIVES, type ObjectivesName } from '../search/objectives.ts';
import { DEFAULT_SETTINGS, type SearchSettings as Settings } from '../search/settings.ts';
import type { StrategyName } from '../search/strategy.ts';
import { DEFAULT_RECIPE } from '../training/recipe.ts';
import { Indicator } from './indicator.ts';
import { defineEnum } from './names.ts';
import { SafeInt } from './scalars.ts';

export const Strategy = defineEnum<StrategyName>('Strategy', 'Where new genotypes come from.', {
  nsga2: 'Evolution: NSGA-II with exploitation of good blocks.',
  steady:
    'Evolution without generations: nobody waits for the slowest, and the outcome depends on the order in which scores arrive unless lanes is 1.',
  random: 'Random search, the baseline.',
});

export const Objectives = defineEnum<ObjectivesName>(
  'Objectives',
  'What is minimised, made of the first indicator p1, the second p2, and MACs F, each scaled to 0 to 1.',
  Object.fromEntries(
    Object.entries(OBJECTIVES).map(([name, { description }]) => [name, `${description}.`]),
  ) as Record<ObjectivesName, string>,
);

export const IndicatorScaleName = defineEnum<IndicatorScale>(
  'IndicatorScale',
  'How indicators that have a logarithm enter the objectives.',
  {
    log: 'By their logarithm.',
    raw: "By their value, the paper's letter: all but the largest are then near 0.",
  },
);

const SAYS: { readonly [K in keyof Settings]: string } = {
  space: 'Name of the search space.',
  dataset: 'Name of a dataset, or the path of an npz on the machine of the service.',
  batchSize: 'Images in the batch that architectures are judged on, 2 to 1024.',
  blocks:
    'Blocks of an architecture, 1 to 6; left out: as many as the space takes for the size of the images.',
  initChannels: 'Channels of the stem, a multiple of 4, 4 to 512.',
  population: 'Members of a population, an even number, 2 to 10000.',
  offspring: 'New architectures in a generation, an even number, 2 to 10000.',
  generations: 'Generations after the initial population, 0 to 10000; 0: the initial population alone.',
  strategy: 'Where new genotypes come from.',
  lanes:
    'Candidates that are under way at a time, 1 to 10000, by the strategy STEADY alone. With 1 the same seed gives the same search; with more, only where scores arrive in the same order.',
  indicators: 'The two indicators p1 and p2, different ones.',
  indicatorScale: 'How indicators that have a logarithm enter the objectives.',
  objectives: 'What is minimised.',
  estimateEpochs: 'Epochs that VALID_AUC trains an architecture for, 1 to 1000; nothing else depends on it.',
  exploitation: 'Share of offspring put together from blocks of the best individuals, 0 to 1.',
  seed: 'Seed of the batch, the weights and the search, 0 to 4294967295: the same seed gives the same search.',
};

/** A setting that may be left out, or null, which is the same. */
const given = <K extends keyof Settings>(name: K) => {
  const defaultValue = DEFAULT_SETTINGS[name];
  return {
    nullable: true,
    description: SAYS[name],
    ...(defaultValue === null ? {} : { defaultValue }),
  };
};

/** What clients may give: null is like leaving out. */
type Given<K extends keyof Settings> = Settings[K] | null;

@InputType({ description: 'What decides how an architecture is scored.' })
export class ScoringSettings {
  @Field(() => String, given('space'))
  readonly space!: Given<'space'>;

  @Field(() => String, given('dataset'))
  readonly dataset!: Given<'dataset'>;

  @Field(() => Int, given('batchSize'))
  readonly batchSize!: Given<'batchSize'>;

  @Field(() => Int, given('initChannels'))
  readonly initChannels!: Given<'initChannels'>;

  @Field(() => [Indicator], given('indicators'))
  readonly indicators!: readonly IndicatorName[] | null;

  @Field(() => Int, given('estimateEpochs'))
  readonly estimateEpochs!: Given<'estimateEpochs'>;

  @Field(() => SafeInt, given('seed'))
  readonly seed!: Given<'seed'>;
}

@InputType({
  description: "A search to start. What is left out takes its default: the paper's, but for the channels.",
})
export class StartSearchInput extends ScoringSettings {
  @Field(() => Int, given('blocks'))
  readonly blocks!: Given<'blocks'>;

  @Field(() => Int, given('population'))
  readonly population!: Given<'population'>;

  @Field(() => Int, given('offspring'))
  readonly offspring!: Given<'offspring'>;

  @Field(() => Int, given('generations'))
  readonly generations!: Given<'generations'>;

  @Field(() => Strategy, given('strategy'))
  readonly strategy!: Given<'strategy'>;

  @Field(() => Int, given('lanes'))
  readonly lanes!: Given<'lanes'>;

  @Field(() => IndicatorScaleName, given('indicatorScale'))
  readonly indicatorScale!: Given<'indicatorScale'>;

  @Field(() => Objectives, given('objectives'))
  readonly objectives!: Given<'objectives'>;

  @Field(() => Float, given('exploitation'))
  readonly exploitation!: Given<'exploitation'>;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 0,
    description:
      'How many of its front are trained when it completes, those first with the largest sum of both scaled indicators, 0 to 20.',
  })
  readonly trainBest!: number | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: DEFAULT_RECIPE.epochs,
    description: "Epochs of those trainings, 1 to 10000; the rest of the recipe is MedMNIST's.",
  })
  readonly trainEpochs!: number | null;
}

@InputType({ description: 'An architecture to score, and how.' })
export class ScoreArchitectureInput extends ScoringSettings {
  @Field(() => [Int], {
    description: 'Its genes, block after block; scored as they are, whether canonical or not.',
  })
  readonly genotype!: readonly number[];
}

const said = (name: keyof Settings) => ({ description: SAYS[name] });

@ObjectType({ description: 'Everything that decides the outcome of a search.' })
export class SearchSettings {
  @Field(() => String, said('space'))
  readonly space!: string;

  @Field(() => String, said('dataset'))
  readonly dataset!: string;

  @Field(() => Int, said('batchSize'))
  readonly batchSize!: number;

  @Field(() => Int, { description: 'Blocks of an architecture.' })
  readonly blocks!: number;

  @Field(() => Int, said('initChannels'))
  readonly initChannels!: number;

  @Field(() => Int, said('population'))
  readonly population!: number;

  @Field(() => Int, said('offspring'))
  readonly offspring!: number;

  @Field(() => Int, said('generations'))
  readonly generations!: number;

  @Field(() => Strategy, said('strategy'))
  readonly strategy!: StrategyName;

  @Field(() => Int, said('lanes'))
  readonly lanes!: number;

  @Field(() => [Indicator], said('indicators'))
  readonly indicators!: readonly IndicatorName[];

  @Field(() => IndicatorScaleName, said('indicatorScale'))
  readonly indicatorScale!: IndicatorScale;

  @Field(() => Objectives, said('objectives'))
  readonly objectives!: ObjectivesName;

  @Field(() => Int, said('estimateEpochs'))
  readonly estimateEpochs!: number;

  @Field(() => Float, said('exploitation'))
  readonly exploitation!: number;

  @Field(() => SafeInt, said('seed'))
  readonly seed!: number;
}
