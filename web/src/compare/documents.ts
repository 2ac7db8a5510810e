// What the comparison asks the API: each search for itself, so that one that is gone spoils no other.

import { graphql } from '../api/generated/index.ts';

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
            ...MeasuredParts
          }
        }
      }
      paretoFront {
        individual {
          born
          objectives
          architecture {
            ...MeasuredParts
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
