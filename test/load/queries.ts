// What a dashboard asks: the list of searches, one of them with its front, architectures, the engine.

const MEMBER = 'rank crowding objectives individual { architecture { id genotype macs params feasible } }';

/** Each as often as it stands here. `id`: of a search. */
export const queriesOf = (id: string): readonly { readonly query: string; readonly variables: object }[] => [
  {
    query: `query Searches { searches(first: 25) { totalCount edges { node {
      id status queuePosition createdAt finishedAt hypervolume failure { code message }
      progress { generation generations evaluations plannedEvaluations } settings { dataset seed strategy }
    } } pageInfo { hasNextPage endCursor } } }`,
    variables: {},
  },
  {
    query: `query Search($id: ID!) { search(id: $id) {
      id status hypervolume progress { generation evaluations plannedEvaluations } dataset { name title }
      settings { population offspring generations seed } protocol { batchSize input classes }
    } }`,
    variables: { id },
  },
  {
    query: `query Front($id: ID!) { search(id: $id) { id paretoFront { ${MEMBER} } } }`,
    variables: { id },
  },
  {
    query: `query Architectures { architectures(first: 25) { edges { node {
      id genotype macs params feasible indicators { name value log }
    } } pageInfo { hasNextPage endCursor } } }`,
    variables: {},
  },
  { query: 'query Engine { engine { id backend numerics workers cores } }', variables: {} },
];
