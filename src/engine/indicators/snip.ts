// Connection sensitivity (Lee et al. 2019, "SNIP"): what removing each weight would do to the loss, to
// first order.

import { weightValues } from '../weights.ts';
import type { Node } from '../../search/network.ts';
import { finite, type Indicator } from './indicator.ts';

export const snip: Indicator = {
  derivatives: ['weights'],
  async read({ network, protocol, gradient }) {
    const layers = await gradient();
    const sum = layers.reduce((total, { node, weights }) => {
      const theta = weightValues(network, network.nodes[node] as Node, protocol.seed);
      return total + weights.reduce((own, g, i) => own + Math.abs((theta[i] as number) * g), 0);
    }, 0);
    const value = finite(sum);
    return { value, flaw: value === null ? 'its gradient is not finite' : null };
  },
};
