// The norm of the gradient at initialisation (Abdelfattah et al. 2021, "Zero-Cost Proxies").

import { finite, type Indicator } from './indicator.ts';

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, g) => sum + g * g, 0));

export const gradNorm: Indicator = {
  derivatives: ['weights'],
  async read({ gradient }) {
    const value = finite((await gradient()).reduce((sum, { weights }) => sum + norm(weights), 0));
    return { value, flaw: value === null ? 'its gradient is not finite' : null };
  },
};
