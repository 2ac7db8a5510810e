// A run drawn up before it starts: steps over tensors of the executor's arena, some floats that live
// throughout, and scratch that every step has to itself. So what it takes is known beforehand.

import type { Maps, Rows } from '../../kernels/kernels.ts';
import { openArena, type View } from '../../simd/arena.ts';
import type { Targets } from '../gradient.ts';

/** Index of floats that live throughout. */
export type Fixed = number;

/** What a program is run on. */
export interface Given {
  /** float32 NHWC. */
  readonly images: Float32Array;
  readonly targets: Targets;
  /** Of the weights, by node. */
  readonly directions: ReadonlyMap<number, Float32Array>;
}

/** A running program: what it is given, and where its own data lie, byte offsets into the memory. */
export interface Place {
  readonly given: Given;
  readonly floats: Float32Array;
  readonly doubles: Float64Array;
  readonly rows: (view: View) => Rows;
  readonly fixed: (fixed: Fixed) => number;
  readonly scratch: number;
}

export interface Draft {
  /** A new tensor of all images. */
  map(height: number, width: number, channels: number): View;
  /** 16-byte aligned. */
  fixed(floats: number): Fixed;
  /** A step that reads or writes `views`, with `scratch` bytes. */
  add(views: readonly View[], scratch: number, run: (place: Place) => void): void;
  finish(): Program;
}

/** Bytes of each part of a program's memory. */
export interface ProgramDemand {
  readonly fixed: number;
  readonly tensors: number;
  readonly scratch: number;
}

export interface Program {
  readonly demand: ProgramDemand;
  /** On a memory of at least that. */
  run(memory: WebAssembly.Memory, given: Given): void;
}

const ALIGNMENT = 64;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

export const mapsOf = ({ height, width, channels }: View, images: number): Maps => ({
  images,
  height,
  width,
  channels,
});

/** Nothing lies at 0, which the kernels take for nothing. */
const START = ALIGNMENT;

/** Byte offset of what lives throughout, the same in every program that begins with the same. */
export const fixedAt = (fixed: Fixed): number => START + fixed;

/** Bytes of memory that a demand takes, or several that are not met at once. */
export function programBytes(...demands: readonly ProgramDemand[]): number {
  const most = (part: keyof ProgramDemand): number => Math.max(0, ...demands.map((demand) => demand[part]));
  return START + aligned(most('fixed')) + aligned(most('tensors')) + most('scratch');
}

/** Pieces of scratch one behind the other, 64-byte aligned: their offsets, and bytes in all. */
export function pieces(...sizes: readonly number[]): {
  readonly at: readonly number[];
  readonly bytes: number;
} {
  let end = 0;
  const at = sizes.map((size) => {
    const start = end;
    end += aligned(size);
    return start;
  });
  return { at, bytes: end };
}

export function openDraft(images: number): Draft {
  const arena = openArena(images);
  const steps: ((place: Place) => void)[] = [];
  let [fixedBytes, scratchBytes] = [0, 0];
  return {
    map: (height, width, channels) => arena.map(steps.length, height, width, channels),
    fixed(floats) {
      const at = fixedBytes;
      fixedBytes += Math.ceil(floats / 4) * 16;
      return at;
    },
    add(views, scratch, run) {
      for (const view of views) arena.keep(view, steps.length);
      scratchBytes = Math.max(scratchBytes, scratch);
      steps.push(run);
    },
    finish() {
      const { offsets, floats } = arena.layout();
      const demand = { fixed: fixedBytes, tensors: 4 * floats, scratch: scratchBytes };
      const tensors = START + aligned(demand.fixed);
      const scratch = tensors + aligned(demand.tensors);
      return {
        demand,
        run({ buffer }, given) {
          const place: Place = {
            given,
            floats: new Float32Array(buffer),
            doubles: new Float64Array(buffer),
            rows: (view) => ({
              at: tensors + 4 * ((offsets[view.buffer] as number) + view.channel),
              stride: view.stride,
            }),
            fixed: fixedAt,
            scratch,
          };
          for (const step of steps) step(place);
        },
      };
    },
  };
}
