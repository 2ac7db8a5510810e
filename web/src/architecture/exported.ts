// An architecture as a file: what was scored, how, and the network it builds.

import { brief } from '../ui/format.ts';
import type { Architecture } from './labels.ts';

export const fileNameOf = ({ id, protocol }: Pick<Architecture, 'id' | 'protocol'>): string =>
  `mednas-${(protocol.dataset.split('/').at(-1) ?? '').replaceAll(/[^\w.-]/g, '_')}-${brief(id)}.json`;

/** The API's type names are for the client that asked. */
const plain = (name: string, value: unknown): unknown => (name === '__typename' ? undefined : value);

export function exported({ space, blocks, nodes, edges, ...architecture }: Architecture): string {
  const file = {
    ...architecture,
    space: space.name,
    operations: space.operations,
    graph: { blocks, nodes, edges },
  };
  return `${JSON.stringify(file, plain, 2)}\n`;
}
