// Runs plans on the SIMD kernels: a row per kind of step.

import { streamKey } from '../../search/random.ts';
import { BN_EPSILON } from '../forward.ts';
import type { Activation, Affine, Kernels, Rows, WeightStream } from '../kernels/kernels.ts';
import type { View } from './arena.ts';
import type { Layer, Norm, Plan, Reading, Step, StepKind, StepOf } from './steps.ts';
import { demandOf, ensure, layOut, mapsOf, matrixOf, type Workspace } from './workspace.ts';

/** How a run makes its weights. */
export interface Weighting {
  readonly seed: number;
  readonly absolute: boolean;
}

export interface Outcome {
  /** N x N Hamming distances between the images' codes, row-major. */
  readonly distances: Int32Array;
  /** [images, units]; empty when the plan has no head. */
  readonly head: Float32Array;
}

export interface Machine {
  /** `input`: float32 NHWC, as many images as the plan is for. @throws OutOfMemoryError */
  run(plan: Plan, input: Float32Array, weighting: Weighting): Outcome;
}

interface Run {
  readonly plan: Plan;
  readonly space: Workspace;
  /** Address of each batch norm's scale; its shift follows after its channels. */
  readonly norms: readonly number[];
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  readonly weighting: Weighting;
  /** What the head made. */
  head: Float32Array;
}

function normsFrom(start: number, { norms }: Plan): readonly number[] {
  let end = start;
  return norms.map((channels) => {
    const at = end;
    end += 8 * channels;
    return at;
  });
}

const rows = ({ space, plan }: Run, view: View): Rows => ({
  at: space.tensors + 4 * ((plan.layout.offsets[view.buffer] as number) + view.channel),
  stride: view.stride,
});

function affineOf({ norms, plan }: Run, norm: Norm | null): Affine | null {
  if (norm === null) return null;
  const scale = norms[norm] as number;
  return { scale, shift: scale + 4 * (plan.norms[norm] as number) };
}

function activationOf(run: Run, view: View, { norm, rectify, codes }: Reading): Activation {
  const stride = run.kernels.codeBytes(mapsOf(view, run.plan.images));
  return {
    affine: affineOf(run, norm),
    rectify,
    codes: codes > 0 ? { at: run.space.codes, stride } : null,
  };
}

function addDistances({ plan, space, kernels }: Run, { codes }: Activation, times: number): void {
  if (codes !== null) kernels.hamming(plan.images, codes, times, space.distances);
}

function streamOf({ weighting }: Run, { path, divisor }: Layer): WeightStream {
  const { seed, absolute } = weighting;
  return { key: streamKey(seed, path), divisor, absolute };
}

/** Of all images. */
const pixelsOf = ({ plan }: Run, { height, width }: View): number => plan.images * height * width;

/** Floats from an image to the next. */
const imageFloats = ({ height, width, stride }: View): number => height * width * stride;

const at = (floats: Float32Array, index: number): number => floats[index] as number;

function runConv(run: Run, { from, to, layer, norm }: StepOf<'conv'>): void {
  const { kernels, plan, space } = run;
  const [kh = 1, kw = 1] = layer.shape;
  const statistics = norm === null ? null : space.statistics;
  kernels.packedWeights(...matrixOf(layer), streamOf(run, layer), space.weights);
  if (statistics !== null) new Float64Array(run.memory.buffer, statistics, 2 * to.channels).fill(0);
  const maps = mapsOf(from, plan.images);
  kernels.conv(
    maps,
    [kh, kw],
    to.channels,
    rows(run, from),
    space.weights,
    rows(run, to),
    statistics,
    space.scratch,
  );
  const affine = affineOf(run, norm);
  if (affine === null || statistics === null) return;
  const pixels = plan.images * to.height * to.width;
  kernels.normalisation(pixels, to.channels, statistics, BN_EPSILON, affine);
}

function runDepthwise(run: Run, { from, reading, to, layer, dilation }: StepOf<'depthwise'>): void {
  const { kernels, plan, space } = run;
  const [size = 1] = layer.shape;
  const activation = activationOf(run, from, reading);
  kernels.weights(size * size * from.channels, streamOf(run, layer), space.weights);
  kernels.depthwise(
    mapsOf(from, plan.images),
    size,
    dilation,
    rows(run, from),
    activation,
    space.weights,
    rows(run, to),
    space.scratch,
  );
  addDistances(run, activation, reading.codes);
}

/** Each image's mean of each channel times the weights, added up in float64. */
function runHead(run: Run, { from, layer }: StepOf<'head'>): void {
  const { kernels, plan, space, memory } = run;
  const [features, units] = matrixOf(layer);
  kernels.globalAverage(mapsOf(from, plan.images), rows(run, from), { at: space.scratch, stride: features });
  kernels.weights(features * units, streamOf(run, layer), space.weights);
  const means = new Float32Array(memory.buffer, space.scratch, plan.images * features);
  const weights = new Float32Array(memory.buffer, space.weights, features * units);
  run.head = Float32Array.from({ length: plan.images * units }, (_, i) => {
    const [image, unit] = [Math.floor(i / units), i % units];
    let sum = 0;
    for (let f = 0; f < features; f++) sum += at(means, image * features + f) * at(weights, f * units + unit);
    return sum;
  });
}

const STEPS: { readonly [K in StepKind]: (run: Run, step: StepOf<K>) => void } = {
  conv: runConv,
  depthwise: runDepthwise,
  activate(run, { from, reading, to }) {
    const activation = activationOf(run, from, reading);
    const target = to === null ? null : rows(run, to);
    run.kernels.activate(mapsOf(from, run.plan.images), rows(run, from), activation, target);
    addDistances(run, activation, reading.codes);
  },
  maxPool(run, { from, size, norm, to }) {
    run.kernels.maxPool(
      mapsOf(from, run.plan.images),
      size,
      rows(run, from),
      affineOf(run, norm),
      rows(run, to),
    );
  },
  avgPool(run, { from, size, norm, to }) {
    run.kernels.avgPool(
      mapsOf(from, run.plan.images),
      size,
      rows(run, from),
      affineOf(run, norm),
      rows(run, to),
    );
  },
  maxPoolPair(run, { from, size, to }) {
    const [x, y] = [rows(run, from), rows(run, to)];
    const [follower, out] = [x.at + 4 * imageFloats(from), y.at + 4 * imageFloats(to)];
    run.kernels.maxPoolFollowed(mapsOf(from, 1), size, x, follower, y, out);
  },
  addFirst(run, { to }) {
    const first = rows(run, to);
    const second = { ...first, at: first.at + 4 * imageFloats(to) };
    run.kernels.add(to.height * to.width, to.channels, first, second);
  },
  scale(run, { to, factor }) {
    run.kernels.scale(pixelsOf(run, to), to.channels, factor, rows(run, to));
  },
  clear(run, { to }) {
    run.kernels.clear(pixelsOf(run, to), to.channels, rows(run, to));
  },
  head: runHead,
};

/** `limit`: bytes the memory may grow to. */
export function openMachine(kernels: Kernels, memory: WebAssembly.Memory, limit: number): Machine {
  return {
    run(plan, input, weighting) {
      const space = layOut(demandOf(plan, kernels));
      ensure(memory, space.bytes, limit);
      const norms = normsFrom(space.norms, plan);
      const run: Run = { plan, space, norms, kernels, memory, weighting, head: new Float32Array() };
      new Float32Array(memory.buffer, rows(run, plan.input).at, input.length).set(input);
      const distances = new Int32Array(memory.buffer, space.distances, plan.images ** 2).fill(0);
      for (const step of plan.steps) (STEPS[step.kind] as (run: Run, step: Step) => void)(run, step);
      return { distances: distances.slice(), head: run.head };
    },
  };
}
