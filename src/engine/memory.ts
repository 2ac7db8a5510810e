// How much memory a worker may take, and whether a batch fits before a search begins: no search finds
// out generations later that its largest architectures cannot be scored.

import { totalmem } from 'node:os';
import { MedNasError } from '../search/errors.ts';
import type { Protocol } from '../search/evaluation.ts';
import type { Network } from '../search/network.ts';
import { mstf } from '../search/space/mstf.ts';
import type { Genotype } from '../search/space/space.ts';
import { derivativesOf, networkOf } from './evaluate.ts';
import type { AllKernels } from './gradients/kernels.ts';
import { derivativeDemands } from './gradients/simd/gradients.ts';
import { programBytes } from './gradients/simd/program.ts';
import { planActivity } from './simd/activity.ts';
import { planSensitivity } from './simd/sensitivity.ts';
import { type Demand, demandOf, layOut } from './simd/workspace.ts';

/** What WebAssembly addresses is 4 GiB; with this a worker, JavaScript included, stays below 3.5 GB. */
export const MOST_BYTES = 3 * 2 ** 30;

/** Of the machine's memory: the rest is for the operating system, the batches and the service. */
const SHARE_OF_WORKERS = 0.75;

/** Bytes of memory that this machine, or container, has. */
export function machineBytes(): number {
  const container = process.constrainedMemory();
  return container > 0 ? Math.min(container, totalmem()) : totalmem();
}

/** Bytes each of so many workers may take of them. */
export const workerBytes = (workers: number): number =>
  Math.min(MOST_BYTES, Math.floor((machineBytes() * SHARE_OF_WORKERS) / workers));

/**
 * Genotypes of which, by space, no other needs more of any part of a worker's memory than the neediest.
 *
 * mstf: five nodes that all read the cell's input, each operation in turn. Tensors: a node that is read
 * is no loose end, so all five outputs live to the cell's end, and with them, while the pools run, the
 * reduction's output and a pooled map: with S floats a map, 5 S + 2 * 5 S / 4. In the midst of a cell at
 * most 7 S live: outputs so far, input, its ReLU, two maps on the way. Fewer loose ends make all of this
 * smaller, and the tensors that go from block to block too. Planning all 375,000 cells that differ in
 * memory found none above. The loss's gradient keeps what layers and pools put out, most of it in cells of
 * separable convolutions; of 15,000 random genotypes none took more. Weights, scratch and codes: the steps of any genotype are among the steps of
 * these, with as many channels at most.
 */
export const NEEDIEST: Readonly<Record<string, (blocks: number) => readonly Genotype[]>> = {
  [mstf.id]: (blocks) =>
    [0, 1, 2, 3, 4, 5].map((op) =>
      Array.from({ length: blocks }, () => [op, 0, op, 0, op, 0, op, 0, op, 0, 0, 1, 2, 3]).flat(),
    ),
};

function neediestOf(protocol: Protocol, blocks: number): readonly Network[] {
  const neediest = NEEDIEST[protocol.space];
  if (neediest === undefined) throw new Error(`no neediest genotypes are known of space ${protocol.space}`);
  return neediest(blocks).map((genotype) => networkOf(genotype, protocol));
}

/** Bytes that suffice for every architecture of `blocks` blocks, on `images` images. */
export function bytesForAll(protocol: Protocol, blocks: number, images: number, kernels: AllKernels): number {
  const networks = neediestOf(protocol, blocks);
  const wanted = derivativesOf(protocol.indicators);
  const derivatives = networks.flatMap((network) => derivativeDemands(network, images, wanted, kernels));
  const demands = networks
    .flatMap((network) => [planActivity(network, images, true), planSensitivity(network).plan])
    .map((plan) => demandOf(plan, kernels));
  const most = (part: keyof Demand): number => Math.max(0, ...demands.map((demand) => demand[part]));
  const plans = layOut({
    tensors: most('tensors'),
    norms: most('norms'),
    statistics: most('statistics'),
    weights: most('weights'),
    scratch: most('scratch'),
    codes: most('codes'),
    distances: most('distances'),
  }).bytes;
  return Math.max(plans, programBytes(...derivatives));
}

/** Bytes of the largest tensor of any architecture of `blocks` blocks, on `images` images. */
export function largestTensor(protocol: Protocol, blocks: number, images: number): number {
  const shapes = neediestOf(protocol, blocks).flatMap(({ nodes }) => nodes.map(({ shape }) => shape));
  return 4 * images * Math.max(...shapes.map(([height, width, channels]) => height * width * channels));
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** What there is to fit into. */
export interface Room {
  readonly limit: number;
  /** For people: what has the limit, `a worker`. */
  readonly of: string;
  /** Bytes of it that so many images need. */
  readonly needed: (images: number) => number;
}

/** A worker's memory. */
export const workerRoom = (protocol: Protocol, blocks: number, limit: number, kernels: AllKernels): Room => ({
  limit,
  of: 'a worker',
  needed: (images) => bytesForAll(protocol, blocks, images, kernels),
});

/**
 * Does nothing when every architecture of `blocks` blocks has room.
 * @throws MedNasError BATCH_TOO_LARGE with the numbers, and the largest batch that fits.
 */
export function requireFit(protocol: Protocol, blocks: number, { limit, of, needed }: Room): void {
  const { batchSize, input, initChannels } = protocol;
  const all = needed(batchSize);
  if (all <= limit) return;
  let [fits, tooMany] = [1, batchSize];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (needed(middle) <= limit) fits = middle;
    else tooMany = middle;
  }
  const advice =
    fits < 2
      ? 'Not even 2 images fit: take smaller images, fewer initial channels, fewer blocks or fewer workers.'
      : `At most ${fits} images fit. Fewer initial channels or workers make room for more.`;
  throw new MedNasError(
    'BATCH_TOO_LARGE',
    `A batch of ${batchSize} images of ${input.join(' x ')} needs up to ${mebibytes(all)} with ${initChannels} initial channels and ${blocks} blocks, and ${of} may take ${mebibytes(limit)}. ${advice}`,
    { field: 'batchSize' },
  );
}
