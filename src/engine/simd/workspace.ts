// The executor's memory: one WebAssembly memory a worker, laid out anew for every plan.
//
// A plan's peak is known before it runs, so a network that does not fit is refused with the numbers
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

/** Byte offsets of everything a plan touches. */
export interface Workspace {
  /** Byte offset of each buffer. */
  readonly buffers: readonly number[];
  /** Byte offset of each batch norm's scale; its shift follows after its channels. */
  readonly norms: readonly number[];
  readonly statistics: number;
  readonly weights: number;
  readonly scratch: number;
  readonly codes: number;
  readonly distances: number;
  /** Bytes in all. */
  readonly bytes: number;
}

/** Bytes a step needs besides its tensors. */
interface Needs {
  readonly weights: number;
  readonly scratch: number;
  readonly codes: number;
}

function needsOf(step: Step, images: number, kernels: Kernels): Needs {
  const none: Needs = { weights: 0, scratch: 0, codes: 0 };
  if (!('from' in step)) return none;
  const maps = mapsOf(step.from, images);
  const codes = 'reading' in step && step.reading.codes > 0 ? images * kernels.codeBytes(maps) : 0;
  if (step.kind === 'conv') {
    const [kh = 1, kw = 1, , outputs = 1] = step.layer.shape;
    const scratch = kernels.convScratch(maps, [kh, kw], outputs);
    return { weights: kernels.packedBytes(...matrixOf(step.layer)), scratch, codes };
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

/** Lays a plan out behind one another: what lives throughout, then what each step reuses. */
export function layOut(plan: Plan, kernels: Kernels): Workspace {
  let end = START;
  const reserve = (bytes: number): number => {
    const at = end;
    end = Math.ceil((at + bytes) / START) * START;
    return at;
  };
  const { images, steps, layout, norms } = plan;
  const needs = steps.map((step) => needsOf(step, images, kernels));
  const most = (of: keyof Needs): number => Math.max(0, ...needs.map((need) => need[of]));
  const arena = reserve(4 * layout.floats);
  return {
    buffers: layout.offsets.map((offset) => arena + 4 * offset),
    norms: norms.map((channels) => reserve(8 * channels)),
    statistics: reserve(16 * Math.max(0, ...norms)),
    weights: reserve(most('weights')),
    scratch: reserve(most('scratch')),
    codes: reserve(most('codes')),
    distances: reserve(4 * images * images),
    bytes: end,
  };
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** Grows a memory to hold a workspace. @throws OutOfMemoryError with what is needed. */
export function ensure(memory: WebAssembly.Memory, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (missing <= 0) return;
  try {
    memory.grow(missing);
  } catch {
    throw new OutOfMemoryError(
      `it needs ${mebibytes(bytes)} of memory, more than this worker can have (it holds ${mebibytes(memory.buffer.byteLength)}; 4096 MiB is WebAssembly's limit)`,
    );
  }
}
