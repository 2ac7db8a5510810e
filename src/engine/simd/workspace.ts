// The executor's memory: one WebAssembly memory a worker, laid out anew for every plan.
//
// A plan's demand is known before it runs, so a network that does not fit is refused with the numbers
// instead of failing half-way.

import { OutOfMemoryError } from '../backend.ts';
import type { Kernels, Maps } from '../kernels/kernels.ts';
import type { View } from './arena.ts';
import type { Layer, Plan, Step } from './steps.ts';

const PAGE = 65_536;
/** Room at the start, so that no address is 0, which the kernels take for none. */
const START = 64;

export const mapsOf = (view: View, images: number): Maps => ({
  images,
  height: view.height,
  width: view.width,
  channels: view.channels,
});

/** Rows and columns of a layer's weight matrix. */
export function matrixOf({ shape }: Layer): readonly [rows: number, columns: number] {
  return [shape.slice(0, -1).reduce((a, b) => a * b, 1), shape.at(-1) as number];
}

/** Bytes of everything a plan touches: what lives throughout, and the most a step needs of what steps reuse. */
export interface Demand {
  readonly tensors: number;
  /** A scale and a shift a channel of each batch norm. */
  readonly norms: number;
  readonly statistics: number;
  readonly weights: number;
  readonly scratch: number;
  readonly codes: number;
  readonly distances: number;
}

/** Byte offset of each part, and bytes in all. */
export type Workspace = Demand & { readonly bytes: number };

type Needs = Pick<Demand, 'weights' | 'scratch' | 'codes'>;

/** Never less than the matrix itself: the kernels count in 32 bits, which a huge one overflows. */
function packedBytes(layer: Layer, kernels: Kernels): number {
  const [rows, columns] = matrixOf(layer);
  return Math.max(4 * rows * columns, kernels.packedBytes(rows, columns));
}

function needsOf(step: Step, images: number, kernels: Kernels): Needs {
  const none: Needs = { weights: 0, scratch: 0, codes: 0 };
  if (!('from' in step)) return none;
  const maps = mapsOf(step.from, images);
  const codes = 'reading' in step && step.reading.codes > 0 ? images * kernels.codeBytes(maps) : 0;
  if (step.kind === 'conv') {
    const [kh = 1, kw = 1, , outputs = 1] = step.layer.shape;
    const scratch = kernels.convScratch(maps, [kh, kw], outputs);
    return { weights: packedBytes(step.layer, kernels), scratch, codes };
  }
  if (step.kind === 'depthwise') {
    const [size = 1] = step.layer.shape;
    const scratch = kernels.depthwiseScratch(maps, size, step.dilation);
    return { weights: 4 * size * size * maps.channels, scratch, codes };
  }
  if (step.kind === 'head') {
    const [features, units] = matrixOf(step.layer);
    return { weights: 4 * features * units, scratch: 4 * images * features, codes };
  }
  return { ...none, codes };
}

export function demandOf({ images, steps, layout, norms }: Plan, kernels: Kernels): Demand {
  const needs = steps.map((step) => needsOf(step, images, kernels));
  const most = (of: keyof Needs): number => Math.max(0, ...needs.map((need) => need[of]));
  return {
    tensors: 4 * layout.floats,
    norms: norms.reduce((sum, channels) => sum + 8 * channels, 0),
    statistics: 16 * Math.max(0, ...norms),
    weights: most('weights'),
    scratch: most('scratch'),
    codes: most('codes'),
    distances: 4 * images * images,
  };
}

/** Places the parts behind one another. */
export function layOut(demand: Demand): Workspace {
  let end = START;
  const places = Object.entries(demand).map(([part, bytes]: [string, number]) => {
    const at = end;
    end = Math.ceil((at + bytes) / START) * START;
    return [part, at];
  });
  return { ...(Object.fromEntries(places) as Demand), bytes: end };
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** Grows a memory to hold `bytes`, at most `limit`. @throws OutOfMemoryError with the numbers. */
export function ensure(memory: WebAssembly.Memory, bytes: number, limit: number): void {
  if (bytes > limit) {
    throw new OutOfMemoryError(`it needs ${mebibytes(bytes)}, and a worker may take ${mebibytes(limit)}`);
  }
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (missing <= 0) return;
  try {
    memory.grow(missing);
  } catch {
    throw new OutOfMemoryError(`it needs ${mebibytes(bytes)}, more than this machine has left`);
  }
}
