// The kernels' exports. Every address is a byte offset into the imported memory (tf.js's heap), every
// other number counts elements; src/engine/kernels/kernels.ts documents them for their callers.

export { activate } from './activate';
export { hamming } from './codes';
export { conv, convScratch } from './conv';
export { depthwise, depthwiseScratch } from './depthwise';
export { gemm, gemmScratch } from './gemm';
export { columnStats, normalisation } from './norm';
export { pack, packedBytes } from './pack';
export { avgPool, globalAverage, maxPool, maxPoolFollowed } from './pool';
export { add, clear, scale } from './rows';
export { packedWeights, weights } from './weights';
