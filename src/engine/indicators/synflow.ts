// SynFlow (Tanaka et al. 2020; paper section III-C): the product of absolute weights summed over
// all paths from input to output, data-free.

import { finite, type Indicator } from './indicator.ts';

export const synflow: Indicator = {
  derivatives: [],
  async read({ network, protocol, backend }) {
    const { mantissa, exponent } = await backend.sensitivity(network, protocol.input, protocol.seed);
    const log = finite(Math.log(mantissa) + exponent * Math.LN2);
    const why = mantissa === 0 ? 'no path leads from input to output' : 'its value is not finite';
    const flaw = log === null ? why : null;
    return { value: finite(mantissa * 2 ** exponent), log, flaw };
  },
};
