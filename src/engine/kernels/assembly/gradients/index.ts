// The exports of the gradient kernels; conventions as in ../index.ts, meanings in
// src/engine/gradients/kernels.ts.

export { depthwiseFilter, depthwiseFilterScratch } from './depthwise';
export { jetLayer, jetMaxPool, jetRectify, jetScale, jetSums } from './jet';
export { spreadLines, transposeLines } from './lines';
export { combine, imageDots, normGradientSums, rectifyGradient } from './norm';
export { addEntering, patches, patchesGradient } from './patches';
export { avgPoolGradient, maxPoolGradient } from './pool';
export { adam, allFinite, descend } from './update';
