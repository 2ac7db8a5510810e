// The instructions of the SIMD executor. A plan is a list of them, drawn up from a network before
// anything runs.

import type { Layout, View } from './arena.ts';

/** Index of a batch norm: scale and shift that a product's epilogue yields and later reads apply. */
export type Norm = number;

/** A layer's weights: generated when the step runs, from the node's path. */
export interface Layer {
  readonly path: string;
  /** [kh, kw, cin, cout], [kh, kw, C, 1] or [in, out]. */
  readonly shape: readonly number[];
  /** What 2u - 1 is divided by to make a weight. */
  readonly divisor: number;
}

/** What happens to values as they are read: batch norm, sign codes noted so many times over, ReLU. */
export interface Reading {
  readonly norm: Norm | null;
  readonly rectify: boolean;
  /** How often the distances between the codes count; 0: no codes. */
  readonly codes: number;
}

export type Step =
  /** Dense convolution, SAME, stride 1; `norm` becomes the batch norm of its channels. */
  | {
      readonly kind: 'conv';
      readonly from: View;
      readonly to: View;
      readonly layer: Layer;
      readonly norm: Norm | null;
    }
  /** Depthwise convolution, SAME, stride 1, of what `reading` makes of its input. */
  | {
      readonly kind: 'depthwise';
      readonly from: View;
      readonly reading: Reading;
      readonly to: View;
      readonly layer: Layer;
      readonly dilation: number;
    }
  /** What `reading` makes of a map; without `to` its codes alone. */
  | { readonly kind: 'activate'; readonly from: View; readonly reading: Reading; readonly to: View | null }
  /** Pools, SAME, stride 2, averages without the padding; then `norm`. */
  | {
      readonly kind: 'maxPool' | 'avgPool';
      readonly size: number;
      readonly from: View;
      readonly norm: Norm | null;
      readonly to: View;
    }
  /** Max pool of the first image; the second follows its choices. */
  | { readonly kind: 'maxPoolPair'; readonly size: number; readonly from: View; readonly to: View }
  /** Adds the first image to the second. */
  | { readonly kind: 'addFirst'; readonly to: View }
  | { readonly kind: 'scale'; readonly to: View; readonly factor: number }
  | { readonly kind: 'clear'; readonly to: View }
  /** Mean of each channel over an image's pixels, then the dense layer. */
  | { readonly kind: 'head'; readonly from: View; readonly layer: Layer };

export type StepKind = Step['kind'];
export type StepOf<K extends StepKind> = Extract<Step, { kind: K }>;

export interface Plan {
  readonly images: number;
  readonly input: View;
  readonly steps: readonly Step[];
  readonly layout: Layout;
  /** Channels of each batch norm. */
  readonly norms: readonly number[];
}
