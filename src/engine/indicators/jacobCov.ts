// The Jacobian-covariance indicator in NASWOT's form (paper eq. 3-4; Mellor et al. 2021): how well
// an untrained network tells the images of a batch apart.

import { reluUnits } from '../../search/network.ts';
import { logAbsDeterminant } from '../logdet.ts';
import type { Indicator } from './indicator.ts';

/** K_ij = N_A - Hamming(c_i, c_j) from distances, N x N, row-major. */
export const kernelMatrix = (distances: Float64Array, units: number): Float64Array =>
  distances.map((distance) => units - distance);

export const jacobCov: Indicator = {
  derivatives: [],
  async read({ network, protocol, batch, backend }) {
    const { distances } = await backend.activity(network, batch, protocol.input, protocol.seed, false);
    const kernel = kernelMatrix(distances, reluUnits(network));
    const value = logAbsDeterminant(kernel, Math.sqrt(kernel.length));
    const flaw =
      value === null ? 'its kernel matrix is singular: the network cannot tell some images apart' : null;
    return { value, flaw };
  },
};
