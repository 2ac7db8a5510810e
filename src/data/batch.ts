// The one minibatch a search judges its architectures on (spec section 3): drawn by the seed from the
// training images, no image twice, since two equal ones make every kernel matrix singular.

import { createHash, hash as digest } from 'node:crypto';
import { MedNasError } from '../search/errors.ts';
import type { Shape } from '../search/network.ts';
import { permutation, randomFor } from '../search/random.ts';
import type { Dataset, Rows } from './dataset.ts';

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

/** Of float32 images: the tensor backend addresses 4 GiB in all, network included. */
const MAX_BATCH_BYTES = 2 ** 31;

const SCALED = Float32Array.from({ length: 256 }, (_, x) => (x / 255 - 0.5) / 0.5);

const pixelDigest = (pixels: Uint8Array): string => digest('sha256', pixels, 'base64');

function hasDuplicates(images: Uint8Array, rowBytes: number): boolean {
  const rows = images.length / rowBytes;
  const digests = Array.from({ length: rows }, (_, i) =>
    pixelDigest(images.subarray(i * rowBytes, (i + 1) * rowBytes)),
  );
  return new Set(digests).size < rows;
}

/** Of `order`, those whose pixels no earlier one has. Reads the whole split once, holding digests only. */
async function distinctOf(dataset: Dataset, order: readonly number[]): Promise<readonly number[]> {
  const digests: string[] = [];
  for await (const pixels of dataset.scan('train')) digests.push(pixelDigest(pixels));
  const seen = new Set<string>();
  return order.filter((index) => {
    const own = digests[index] as string;
    return !seen.has(own) && seen.add(own);
  });
}

/** Shape, pixels and labels as bytes, integers as little-endian int32. */
function hashOf(size: number, shape: Shape, { images, labels, labelWidth }: Rows): string {
  const hash = createHash('sha256');
  hash.update(Int32Array.of(size, ...shape, labelWidth));
  return hash.update(images).update(labels).digest('hex');
}

function shared({ images, labels }: Rows): Pick<Batch, 'images' | 'labels'> {
  const scaled = new Float32Array(new SharedArrayBuffer(4 * images.length));
  for (const [i, x] of images.entries()) scaled[i] = SCALED[x] as number;
  const sharedLabels = new Int32Array(new SharedArrayBuffer(4 * labels.length));
  sharedLabels.set(labels);
  return { images: scaled, labels: sharedLabels };
}

/** Of what is not known from its protocol: pixels as bytes, then labels as little-endian int32. */
export function packBatch({ images, labels }: Pick<Batch, 'images' | 'labels'>): Uint8Array {
  const packed = new Uint8Array(images.length + 4 * labels.length);
  for (const [i, x] of images.entries()) packed[i] = Math.round((x * 0.5 + 0.5) * 255);
  packed.set(new Uint8Array(labels.slice().buffer), images.length);
  return packed;
}

/** @throws MedNasError CHECKSUM_MISMATCH when it is not the batch that `wanted` describes. */
export function unpackBatch(
  packed: Uint8Array,
  wanted: Pick<Batch, 'size' | 'shape' | 'classes' | 'multiLabel' | 'hash'>,
): Batch {
  const { size, shape, hash } = wanted;
  const pixels = size * shape[0] * shape[1] * shape[2];
  const images = packed.subarray(0, pixels);
  // A copy, for a Buffer may lie anywhere in its memory.
  const rest = new Uint8Array(packed.subarray(pixels));
  const labelWidth = rest.length / (4 * size);
  if (images.length === pixels && Number.isInteger(labelWidth)) {
    const rows = { images, labels: new Int32Array(rest.buffer), labelWidth };
    if (hashOf(size, shape, rows) === hash) return { ...shared(rows), ...wanted };
  }
  throw new MedNasError(
    'CHECKSUM_MISMATCH',
    `The images that came, ${packed.length} bytes, are not those with the hash ${hash}.`,
    { field: 'dataset' },
  );
}

/**
 * The first `size` distinct training images in the order of the seed's permutation, so a batch is the
 * start of every larger one. INVALID_ARGUMENT: `size` is no whole number from 2, or takes over 2 GiB;
 * BATCH_TOO_LARGE: fewer distinct images exist.
 */
export async function drawBatch(
  dataset: Dataset,
  { size, seed }: { readonly size: number; readonly seed: number },
): Promise<Batch> {
  const { name, shape, samples, classes, task } = dataset.info;
  const rowBytes = shape[0] * shape[1] * shape[2];
  if (!Number.isSafeInteger(size) || size < 2)
    throw new MedNasError('INVALID_ARGUMENT', `The batch size must be a whole number from 2: got ${size}.`, {
      field: 'batchSize',
    });
  const most = Math.floor(MAX_BATCH_BYTES / (4 * rowBytes));
  if (size <= samples.train && size > most)
    throw new MedNasError(
      'INVALID_ARGUMENT',
      `A batch of ${size} images of ${shape.join(' x ')} takes over 2 GiB: at most ${most} fit.`,
      { field: 'batchSize' },
    );

  const order = [...permutation(randomFor(seed, 0, 'batch'), samples.train)];
  // Most batches have no duplicates: only then is the split, which may have 16 GB, read more than once.
  let rows = size <= order.length ? await dataset.read('train', order.slice(0, size)) : null;
  if (rows === null || hasDuplicates(rows.images, rowBytes)) {
    const distinct = await distinctOf(dataset, order);
    if (distinct.length < size)
      throw new MedNasError(
        'BATCH_TOO_LARGE',
        `A batch of ${size} images is more than ${name} has: its training split has ${samples.train} images, ${distinct.length} of them distinct.`,
        { field: 'batchSize' },
      );
    rows = await dataset.read('train', distinct.slice(0, size));
  }
  const multiLabel = task === 'multi-label, binary-class';
  return {
    ...shared(rows),
    size,
    shape,
    classes: classes.length,
    multiLabel,
    hash: hashOf(size, shape, rows),
  };
}
