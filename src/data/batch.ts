// The one minibatch a search judges its architectures on (spec section 3).
import type { Shape } from '../search/network.ts';

export interface Batch {
  /** float32, [size, height, width, channels], scaled to (x/255 - 0.5)/0.5. Backed by shared memory: workers read the same bytes. */
  readonly images: Float32Array;
  /** [size] class indices, or [size, classes] of 0/1 for multi-label. */
  readonly labels: Int32Array;
  readonly size: number;
  readonly shape: Shape;
  readonly classes: number;
  readonly multiLabel: boolean;
  /** SHA-256 (hex) of shape, pixels and labels. */
  readonly hash: string;
}
