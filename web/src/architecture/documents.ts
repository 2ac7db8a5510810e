// What these views ask the API.

import { graphql } from '../api/generated/index.ts';

graphql(`
  fragment CellNodeParts on CellNode {
    path
    operation
    input
    output
    loose
    shape
    macs
    params
  }
`);

export const ARCHITECTURE = graphql(`
  query Architecture($id: ID!) {
    architecture(id: $id) {
      id
      genotype
      macs
      params
      feasible
      infeasibleReason
      scoredAt
      indicators {
        name
        value
        log
        seconds
      }
      protocol {
        batch
        batchSize
        classes
        dataset
        indicators
        initChannels
        input
        multiLabel
        numerics
        seed
        space
      }
      space {
        name
        blockLength
        operations {
          normal
          reduction
        }
      }
      blocks {
        path
        channels
        macs
        params
        normal {
          ...CellNodeParts
        }
        reduction {
          ...CellNodeParts
        }
      }
      nodes {
        index
        op
        path
        shape
        macs
        params
        attributes {
          name
          values
        }
      }
      edges {
        source
        target
        shape
      }
    }
  }
`);

/** Of those with no more MACs and parameters, the largest first: an architecture is among the first it lists. */
export const CONTEXT = graphql(`
  query ArchitectureContext($search: ID!, $maxMacs: SafeInt!, $maxParams: SafeInt!) {
    search(id: $search) {
      ...SearchRow
      protocol {
        batch
        initChannels
        input
        numerics
        seed
        space
      }
      individuals(
        first: 200
        filter: { maxMacs: $maxMacs, maxParams: $maxParams }
        orderBy: { by: MACS, direction: DESC }
      ) {
        edges {
          node {
            id
            architecture {
              id
            }
          }
        }
      }
    }
  }
`);

export const INDIVIDUAL = graphql(`
  query Individual($id: ID!) {
    node(id: $id) {
      ... on Individual {
        id
        index
        born
        origin
        objectives
        parents {
          id
          born
          architecture {
            ...MeasuredParts
            genotype
          }
        }
      }
    }
  }
`);

export const SCORED = graphql(`
  query Scored($search: ID!, $after: String) {
    search(id: $search) {
      individuals(first: 200, after: $after, orderBy: { by: MACS, direction: ASC }) {
        totalCount
        pageInfo {
          endCursor
          hasNextPage
        }
        edges {
          node {
            id
            architecture {
              ...MeasuredParts
            }
          }
        }
      }
    }
  }
`);

export const MEMBERS = graphql(`
  query Members($search: ID!) {
    search(id: $search) {
      population {
        id
        generation
        members {
          individual {
            id
            architecture {
              ...MeasuredParts
            }
          }
        }
      }
    }
  }
`);

export const ARCHIVE = graphql(`
  query Archive($first: Int!, $after: String, $filter: ArchitectureFilter, $orderBy: ArchitectureOrder) {
    architectures(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      totalCount
      pageInfo {
        endCursor
        hasNextPage
      }
      edges {
        node {
          ...MeasuredParts
          feasible
          scoredAt
          protocol {
            dataset
            initChannels
            batchSize
            seed
          }
        }
      }
    }
  }
`);
