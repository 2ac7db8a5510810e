// What more than one view asks the API.

import { graphql } from './generated/index.ts';

graphql(`
  fragment SearchRow on Search {
    id
    status
    queuePosition
    createdAt
    finishedAt
    hypervolume
    failure {
      code
      message
    }
    progress {
      generation
      generations
      evaluations
      plannedEvaluations
    }
    settings {
      batchSize
      blocks
      dataset
      exploitation
      estimateEpochs
      generations
      indicatorScale
      indicators
      initChannels
      lanes
      objectives
      offspring
      population
      seed
      space
      strategy
    }
  }
`);

graphql(`
  fragment MeasuredParts on Architecture {
    id
    macs
    params
    indicators {
      name
      value
      log
    }
  }
`);

export const SEARCHES = graphql(`
  query Searches($first: Int!, $after: String) {
    searches(first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        node {
          ...SearchRow
          best {
            individual {
              architecture {
                id
                macs
                params
              }
            }
          }
        }
      }
    }
  }
`);

export const SEARCH = graphql(`
  query Search($id: ID!) {
    search(id: $id) {
      ...SearchRow
      dataset {
        title
        task
        classes
        shape
      }
      protocol {
        numerics
        input
        classes
      }
      knee {
        individual {
          architecture {
            id
          }
        }
      }
      space {
        name
        blockLength
        operations {
          normal
          reduction
        }
      }
    }
  }
`);

export const PICK = graphql(`
  query Pick($id: ID!, $maxMacs: SafeInt, $maxParams: SafeInt) {
    search(id: $id) {
      pick(maxMacs: $maxMacs, maxParams: $maxParams) {
        individual {
          architecture {
            id
          }
        }
      }
    }
  }
`);

export const EVENTS = graphql(`
  subscription Events($searchId: ID!, $after: Int!) {
    searchEvents(searchId: $searchId, after: $after) {
      __typename
      sequence
      at
      ... on ArchitectureEvaluated {
        generation
        reused
        architecture {
          ...MeasuredParts
          genotype
          feasible
          infeasibleReason
        }
      }
      ... on GenerationFinished {
        generation
        population {
          evaluations
          hypervolume
          infeasible
          scale {
            p1 {
              min
              max
            }
            p2 {
              min
              max
            }
            macs {
              min
              max
            }
          }
          best {
            individual {
              architecture {
                id
              }
            }
          }
          members {
            rank
            crowding
            individual {
              id
              born
              origin
              architecture {
                id
              }
            }
          }
        }
      }
      ... on StatusChanged {
        status
        failure {
          code
          message
        }
      }
    }
  }
`);

graphql(`
  fragment Refusal on UserError {
    code
    message
    field
  }
`);

export const START = graphql(`
  mutation Start($input: StartSearchInput!, $idempotencyKey: String) {
    startSearch(input: $input, idempotencyKey: $idempotencyKey) {
      search {
        id
      }
      errors {
        ...Refusal
      }
    }
  }
`);

export const PAUSE = graphql(`
  mutation Pause($id: ID!) {
    pauseSearch(id: $id) {
      search {
        ...SearchRow
      }
      errors {
        ...Refusal
      }
    }
  }
`);
export const RESUME = graphql(`
  mutation Resume($id: ID!) {
    resumeSearch(id: $id) {
      search {
        ...SearchRow
      }
      errors {
        ...Refusal
      }
    }
  }
`);
export const CANCEL = graphql(`
  mutation Cancel($id: ID!) {
    cancelSearch(id: $id) {
      search {
        ...SearchRow
      }
      errors {
        ...Refusal
      }
    }
  }
`);
export const DELETE = graphql(`
  mutation Delete($id: ID!) {
    deleteSearch(id: $id) {
      deletedId
      errors {
        ...Refusal
      }
    }
  }
`);
export const DATASETS = graphql(`
  query Datasets {
    datasets {
      name
      title
      task
      shape
      location
      samples {
        train
      }
    }
  }
`);

export const VIEWER = graphql(`
  query Viewer {
    viewer {
      name
      role
    }
  }
`);

graphql(`
  fragment EstimateParts on Estimate {
    value
    low
    high
    reason
  }
`);

graphql(`
  fragment TrainingRow on TrainingRun {
    id
    status
    queuePosition
    createdAt
    finishedAt
    datasetName
    failure {
      code
      message
    }
    model {
      baseline
      hash
      initChannels
    }
    recipe {
      epochs
      seed
    }
    progress {
      epochs
      plannedEpochs
    }
    weights {
      epoch
      validationAuc
    }
    test {
      auc {
        ...EstimateParts
      }
      acc {
        ...EstimateParts
      }
    }
  }
`);

export const TRAINING_EVENTS = graphql(`
  subscription TrainingEvents($id: ID!, $after: Int!) {
    trainingEvents(id: $id, after: $after) {
      __typename
      sequence
      at
      ... on EpochFinished {
        epoch {
          epoch
          trainingLoss
          validationLoss
          validationAuc
          validationAcc
          learningRate
          seconds
        }
      }
      ... on TrainingStatusChanged {
        status
        failure {
          code
          message
        }
      }
    }
  }
`);
