// How long does an update take? A thread's own time for one Adam step on 128 images of 28 x 28, by model: what
// others do on the machine meanwhile makes it hardly longer.

import { loadKernels, pairVectors } from '../src/engine/kernels/load.ts';
import { MOST_BYTES } from '../src/engine/memory.ts';
import { simdTraining } from '../src/engine/training/simd/trainer.ts';
import { initialState } from '../src/engine/training/state.ts';
import type { Step } from '../src/engine/training/trainer.ts';
import { type Model, networkOfModel } from '../src/search/model.ts';
import { macs } from '../src/search/network.ts';
import { readGenotypes } from './workload.ts';

export interface TrainingOptions {
  readonly rounds: number;
  readonly genotypes: number;
}

const IMAGES = 128;
const STEP: Step = { optimizer: 'adam', learningRate: 1e-3, momentum: 0.9, weightDecay: 0 };
const PROBLEM = { input: [28, 28, 1], classes: 2, multiLabel: false } as const;

const MODELS = (genotypes: number): readonly (readonly [string, Model])[] => [
  ...readGenotypes()
    .slice(0, genotypes)
    .map(
      (genotype, i) =>
        [
          `genotype ${i}, 16 channels`,
          { kind: 'architecture', space: 'mstf', genotype, initChannels: 16 },
        ] as const,
    ),
  ['ResNet-18, 64 channels', { kind: 'baseline', name: 'resnet18', initChannels: 64 }],
];

/** Of this thread. */
const milliseconds = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

async function stepTime(model: Model, rounds: number): Promise<readonly [time: number, products: number]> {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const training = simdTraining(await loadKernels(memory), memory, MOST_BYTES);
  const network = networkOfModel(model, PROBLEM);
  const trainer = await training.trainer(
    { network, multiLabel: false },
    initialState({ ...PROBLEM, model }, 1),
  );
  const batch = {
    images: Float32Array.from({ length: IMAGES * 784 }, (_, i) => Math.sin(i * i)),
    labels: Int32Array.from({ length: IMAGES }, (_, i) => i % 2),
  };
  // The first draws up the program, the second still runs on code that is not optimised.
  await trainer.step(batch, STEP);
  await trainer.step(batch, STEP);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = milliseconds();
    await trainer.step(batch, STEP);
    times.push(milliseconds() - start);
  }
  trainer.close();
  return [Math.min(...times), macs(network)];
}

export async function training({ rounds, genotypes }: TrainingOptions): Promise<void> {
  pairVectors();
  for (const [name, model] of MODELS(genotypes)) {
    const [time, products] = await stepTime(model, rounds);
    // Forward, back to the input and back to the weights, two operations a product.
    const speed = (6 * products * IMAGES) / time / 1e6;
    console.log(
      `${name}: ${time.toFixed(0)} ms a step, ${(1000 / time).toFixed(2)} steps/s, ${speed.toFixed(1)} GFLOP/s`,
    );
  }
}
