// Gradient signal preservation (Wang et al. 2020, "GraSP"): how much the norm of the gradient would
// shrink with the weights, to first order. The Hessian's product with the gradient is exact.

import { finite, type Indicator } from './indicator.ts';

export const grasp: Indicator = {
  derivatives: ['weights', 'curvature'],
  async read({ backend, problem, gradient }) {
    // Not the negative: that of 0 is -0.
    const value = finite(0 - (await backend.curvature(problem, await gradient())));
    return { value, flaw: value === null ? 'its second derivative is not finite' : null };
  },
};
