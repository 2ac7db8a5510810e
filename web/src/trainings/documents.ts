// What the views of trainings ask the API.

import { graphql } from '../api/generated/index.ts';

export const TRAININGS = graphql(`
  query Trainings($first: Int!, $after: String) {
    trainingRuns(first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          ...TrainingRow
        }
      }
    }
  }
`);

export const TRAININGS_OF_ARCHITECTURE = graphql(`
  query TrainingsOfArchitecture($id: ID!) {
    architecture(id: $id) {
      id
      trainings(first: 50) {
        totalCount
        edges {
          node {
            ...TrainingRow
          }
        }
      }
    }
  }
`);

export const TRAININGS_OF_SEARCH = graphql(`
  query TrainingsOfSearch($id: ID!) {
    search(id: $id) {
      id
      trainings {
        ...TrainingRow
      }
    }
  }
`);

export const TRAININGS_NAMED = graphql(`
  query TrainingsNamed($ids: [ID!]!) {
    nodes(ids: $ids) {
      __typename
      ... on TrainingRun {
        ...TrainingRow
        protocol {
          data
          testImages
        }
      }
    }
  }
`);

graphql(`
  fragment MeasuredSplit on Measured {
    samples
    auc {
      ...EstimateParts
    }
    acc {
      ...EstimateParts
    }
    balancedAccuracy
    quadraticKappa
    confusion
    classes {
      name
      samples
      auc {
        ...EstimateParts
      }
      sensitivity
      specificity
      sensitivityAt {
        leastSpecificity
        sensitivity {
          ...EstimateParts
        }
      }
      roc {
        falsePositiveRate
        truePositiveRate
      }
    }
  }
`);

export const TRAINING = graphql(`
  query Training($id: ID!) {
    trainingRun(id: $id) {
      ...TrainingRow
      model {
        genotype
        space {
          name
        }
        architecture {
          id
        }
      }
      dataset {
        title
        classes
      }
      protocol {
        dataset
        trainingImages
        validationImages
        testImages
        input
        classes
        multiLabel
        numerics
      }
      recipe {
        batchSize
        optimizer
        learningRate
        milestones
        decay
        momentum
        weightDecay
      }
      weights {
        bytes
        path
        sha256
      }
      validation {
        ...MeasuredSplit
      }
      test {
        ...MeasuredSplit
      }
    }
  }
`);

export const TRAIN = graphql(`
  mutation Train($input: TrainArchitectureInput!, $idempotencyKey: String) {
    trainArchitecture(input: $input, idempotencyKey: $idempotencyKey) {
      run {
        id
      }
      errors {
        ...Refusal
      }
    }
  }
`);

export const PAUSE = graphql(`
  mutation PauseTraining($id: ID!) {
    pauseTraining(id: $id) {
      run {
        ...TrainingRow
      }
      errors {
        ...Refusal
      }
    }
  }
`);
export const RESUME = graphql(`
  mutation ResumeTraining($id: ID!) {
    resumeTraining(id: $id) {
      run {
        ...TrainingRow
      }
      errors {
        ...Refusal
      }
    }
  }
`);
export const CANCEL = graphql(`
  mutation CancelTraining($id: ID!) {
    cancelTraining(id: $id) {
      run {
        ...TrainingRow
      }
      errors {
        ...Refusal
      }
    }
  }
`);
export const DELETE = graphql(`
  mutation DeleteTraining($id: ID!) {
    deleteTraining(id: $id) {
      deletedId
      errors {
        ...Refusal
      }
    }
  }
`);
