// The executable schema: all resolvers, and what type-graphql has no word for.

// Before any decorator is applied.
import 'reflect-metadata';
import { createPubSub } from '@graphql-yoga/subscription';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { ArchitectureResolver } from './architecture.ts';
import { ControlResolver } from './control.ts';
import { DatasetResolver } from './dataset.ts';
import { EngineResolver } from './engine.ts';
import { ArchitectureEvaluatedResolver, GenerationFinishedResolver, SearchEventsResolver } from './event.ts';
import { IndividualResolver } from './individual.ts';
import { NodeResolver } from './node.ts';
import { PopulationResolver } from './population.ts';
import { IndividualSearchResolver, PopulationSearchResolver, SearchResolver } from './search.ts';
import { SearchSpaceResolver } from './space.ts';
import {
  ArchitectureTrainingsResolver,
  SearchTrainingsResolver,
  TrainedModelResolver,
  TrainingResolver,
} from './training.ts';
import { EpochFinishedResolver, TrainingControlResolver, TrainingEventsResolver } from './trainingControl.ts';
import { ViewerResolver } from './viewer.ts';
import { WorkerResolver } from './worker.ts';

export function buildApiSchema(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: [
      ArchitectureEvaluatedResolver,
      ArchitectureResolver,
      ArchitectureTrainingsResolver,
      ControlResolver,
      DatasetResolver,
      EngineResolver,
      EpochFinishedResolver,
      GenerationFinishedResolver,
      IndividualResolver,
      IndividualSearchResolver,
      NodeResolver,
      PopulationResolver,
      PopulationSearchResolver,
      SearchEventsResolver,
      SearchResolver,
      SearchSpaceResolver,
      SearchTrainingsResolver,
      TrainedModelResolver,
      TrainingControlResolver,
      TrainingEventsResolver,
      TrainingResolver,
      ViewerResolver,
      WorkerResolver,
    ],
    // Input is checked where settings and genotypes are parsed, for every way in alike.
    validate: false,
    // Asked for, though nothing is published: events come from the journal.
    pubSub: createPubSub(),
  });
  const roots = [
    [schema.getQueryType(), 'What can be read.'],
    [schema.getMutationType(), 'What can be done.'],
    [schema.getSubscriptionType(), 'What can be followed.'],
  ] as const;
  for (const [type, description] of roots) if (type) type.description = description;
  return schema;
}
