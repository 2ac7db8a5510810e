// What the comparison asks the API: each search for itself, so that one that is gone spoils no other.

import { graphql } from '../api/generated/index.ts';

graphql(`
  fragment ComparedArchitecture on Architecture {
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

export const COMPARED = graphql(`
  query Compared($id: ID!) {
    search(id: $id) {
      ...SearchRow
      protocol {
        batch
        batchSize
        dataset
        initChannels
        numerics
        seed
        space
      }
      best {
        individual {
          objectives
          architecture {
            ...ComparedArchitecture
          }
        }
      }
      paretoFront {
        individual {
          born
          objectives
          architecture {
            ...ComparedArchitecture
          }
        }
      }
    }
  }
`);

export const CURVE = graphql(`
  query Curve($id: ID!, $after: String) {
    search(id: $id) {
      generations(first: 200, after: $after) {
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            generation
            evaluations
            hypervolume
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
          }
        }
      }
    }
  }
`);

export const CHOICES = graphql(`
  query Choices {
    searches(first: 200) {
      totalCount
      edges {
        node {
          ...SearchRow
        }
      }
    }
  }
`);
