// Training with tf.js ops, on whatever backend is set: slow beside the SIMD kernels and obvious, what they are
// tested against, and the way to a GPU. What is learned stays on the device from step to step; the loss and its
// derivative by the few logits are the host's, in float64.

import * as tf from '@tensorflow/tfjs-core';
import type { Network, Node, Op } from '../../../search/network.ts';
import { layoutOf, type Parameter, type ParameterLayout, parametersOf } from '../../../search/parameters.ts';
import type { Maps } from '../../forward.ts';
import { type Targets, targetsOf } from '../../gradients/gradient.ts';
import { lossGradient, lossOf } from '../../gradients/loss.ts';
import { imagesOf, type Parameters, type Passed, ruleOf, statisticsOf } from '../../gradients/tfjs/ops.ts';
import { backwardPass, forwardPass, type Kept } from '../../gradients/tfjs/pass.ts';
import {
  STATISTICS_MOMENTUM,
  type Step,
  type Trainer,
  type TrainerProblem,
  type Training,
  type TrainingState,
} from '../trainer.ts';
import { infer } from './inference.ts';
import { type Learned, updated } from './optimizers.ts';

/** Images that are predicted at once: a batch of the default recipe. */
const CHUNK = 128;

/** What is learned, and the running statistics, [floats - learned]. */
type Held = Learned & { readonly statistics: tf.Tensor };

function hold({ values, first, second }: TrainingState, { learned, floats }: ParameterLayout): Held {
  if (values.length !== floats) throw new Error(`a state has ${values.length} values, want ${floats}`);
  // Copies: backends take no shared memory, and some keep the array they are given.
  const moment = (of: Float32Array): tf.Tensor =>
    of.length === 0 ? tf.zeros([learned]) : tf.tensor1d(of.slice());
  return {
    values: tf.tensor1d(values.slice(0, learned)),
    first: moment(first),
    second: moment(second),
    statistics: tf.tensor1d(values.slice(learned)),
  };
}

const isLearned = ({ offset }: Parameter, { learned }: ParameterLayout): boolean => offset < learned;

function tensorOf(parameter: Parameter, { values, statistics }: Held, layout: ParameterLayout): tf.Tensor {
  const { offset, size, shape } = parameter;
  const part = isLearned(parameter, layout)
    ? tf.slice(values, [offset], [size])
    : tf.slice(statistics, [offset - layout.learned], [size]);
  return tf.reshape(part, [...shape]);
}

/** A node's parameters as tensors, those that `wanted` takes. */
function tensorsOf(
  node: number,
  held: Held,
  layout: ParameterLayout,
  wanted: (parameter: Parameter) => boolean,
): Parameters {
  const entries = Object.values(parametersOf(layout, node)).filter(wanted);
  return tf.tidy(() =>
    Object.fromEntries(entries.map((parameter) => [parameter.role, tensorOf(parameter, held, layout)])),
  );
}

/** The batch's statistics of what a norm reads, with the unbiased variance that the running one is made of. */
function unbiased(x: Maps): Parameters {
  const { mean, variance } = statisticsOf(x);
  const values = x.size / x.shape[3];
  return { mean, variance: tf.mul(variance, values / Math.max(1, values - 1)) };
}

/** Running statistics after a batch; of a norm that nothing depends on they stay. */
function movedStatistics(kept: Kept, held: Held, layout: ParameterLayout): tf.Tensor {
  const norms = new Map(
    kept.flatMap((at, i) => (at?.node.op === 'batchNorm' ? [[i, unbiased(at.inputs[0] as Maps)]] : [])),
  );
  const ofBatch = layout.parameters
    .filter((parameter) => !isLearned(parameter, layout))
    .map((parameter) => norms.get(parameter.node)?.[parameter.role] ?? tensorOf(parameter, held, layout));
  if (ofBatch.length === 0) return held.statistics.clone();
  const change = tf.sub(tf.concat(ofBatch), held.statistics);
  return tf.add(held.statistics, tf.mul(change, STATISTICS_MOMENTUM));
}

/** A scalar that is finite when all values are: NaN in a map may have been hidden by a ReLU on its way to the loss. */
const sizeOf = (...all: readonly tf.Tensor[]): tf.Tensor =>
  // tf.js's WebGPU backend cannot sum up nothing, which is what a network without norms has of statistics.
  tf.addN(all.filter(({ size }) => size > 0).map((one) => tf.sum(tf.abs(one))));

/** dL/dvalues, [learned], 0 where nothing depends on a parameter. */
function gradientOf(network: Network, kept: Kept, dLogits: Maps, layout: ParameterLayout): tf.Tensor {
  const learnt = new Map<number, Parameters>();
  backwardPass(network, kept, dLogits, (node, dy, at) =>
    learnt.set(
      node,
      tf.tidy(() => ruleOf(at.node).learn?.(dy, at) ?? {}),
    ),
  );
  const parts = layout.parameters
    .filter((parameter) => isLearned(parameter, layout))
    .map(({ node, role, size }) => {
      const own = learnt.get(node)?.[role];
      return own === undefined ? tf.zeros([size]) : tf.reshape(own, [size]);
    });
  return tf.concat(parts);
}

async function openTrainer({ network, multiLabel }: TrainerProblem, from: TrainingState): Promise<Trainer> {
  const layout = layoutOf(network);
  const { shape: input } = network.nodes[0] as Node;
  const indices = new Map(network.nodes.map((node, i) => [node, i]));
  let held = hold(from, layout);
  let { steps } = from;

  const trained = (node: number): Parameters =>
    tensorsOf(node, held, layout, (parameter) => isLearned(parameter, layout));
  const all = (node: Node): Parameters => tensorsOf(indices.get(node) as number, held, layout, () => true);

  function after(kept: Kept, logits: Float64Array, targets: Targets, step: Step) {
    const statistics = tf.tidy(() => movedStatistics(kept, held, layout));
    const { images, classes } = targets;
    const dLogits = tf.tensor4d([...lossGradient(logits, targets)], [images, 1, 1, classes]);
    const gradient = gradientOf(network, kept, dLogits, layout);
    const next: Held = { ...updated(held, gradient, step, steps + 1), statistics };
    return { next, size: sizeOf(gradient, statistics) };
  }

  return {
    async step(batch, step) {
      const targets = targetsOf({ network, batch, input, multiLabel });
      const kept = tf.tidy(() => forwardPass(network, imagesOf({ batch, input }), trained) as never) as Kept;
      try {
        const { output } = kept.at(-1) as Passed<Op>;
        const logits = Float64Array.from(await output.data());
        const loss = lossOf(logits, targets);
        if (!Number.isFinite(loss)) return loss;
        const { next, size } = tf.tidy(() => after(kept, logits, targets, step));
        const isFinite = Number.isFinite((await size.data())[0]);
        tf.dispose([size, isFinite ? held : next]);
        if (!isFinite) return Number.NaN;
        held = next;
        steps += 1;
        return loss;
      } finally {
        tf.dispose(kept as never);
      }
    },

    async predict(images) {
      const [size, classes] = [input[0] * input[1] * input[2], network.nodes.at(-1)?.shape[2] ?? 0];
      const count = images.length / size;
      const logits = new Float32Array(count * classes);
      for (let first = 0; first < count; first += CHUNK) {
        const chunk = {
          images: images.slice(first * size, (first + CHUNK) * size),
          labels: new Int32Array(),
        };
        const maps = tf.tidy(() => infer(network, imagesOf({ batch: chunk, input }), all));
        try {
          logits.set(await maps.data(), first * classes);
        } finally {
          maps.dispose();
        }
      }
      return logits;
    },

    async save(state) {
      const { values, first, second, statistics } = held;
      const count = steps;
      const [own, running, mean, square] = await Promise.all(
        [values, statistics, first, second].map((tensor) => tensor.data()),
      );
      state.values.set(own as Float32Array);
      state.values.set(running as Float32Array, layout.learned);
      state.first.set(mean as Float32Array);
      state.second.set(square as Float32Array);
      return count;
    },

    close: () => tf.dispose(held),
  };
}

export const tfjsTraining: Training = { trainer: openTrainer };
