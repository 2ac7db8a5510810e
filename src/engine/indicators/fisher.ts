// Fisher pruning's saliency of channels (Turner et al. 2020, "BlockSwap"), as Abdelfattah et al. (2021) sum it.

import { finite, type Indicator } from './indicator.ts';

export const fisher: Indicator = {
  derivatives: ['fisher'],
  async read({ gradient }) {
    const value = finite((await gradient()).reduce((sum, layer) => sum + layer.fisher, 0));
    return { value, flaw: value === null ? 'its gradient is not finite' : null };
  },
};
