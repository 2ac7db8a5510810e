// How an update moves the parameters, as PyTorch's optimizers do it (torch.optim.Adam, torch.optim.SGD): all of
// them at once, as one vector.

import * as tf from '@tensorflow/tfjs-core';
import { ADAM_BETA2, ADAM_EPSILON, type Step } from '../trainer.ts';

/** Each [learned], as in `TrainingState`. An alias, so that tf.js takes it for a container of tensors. */
export type Learned = {
  readonly values: tf.Tensor;
  readonly first: tf.Tensor;
  readonly second: tf.Tensor;
};

/** New tensors from old ones and dL/dvalues; `count`: updates, this one included. */
type Optimizer = (learned: Learned, gradient: tf.Tensor, step: Step, count: number) => Learned;

/** Kingma and Ba 2015, algorithm 1; epsilon is added to the square root after its bias has been corrected. */
const adam: Optimizer = ({ values, first, second }, gradient, { learningRate, momentum }, count) => {
  const mean = tf.add(first, tf.mul(tf.sub(gradient, first), 1 - momentum));
  const square = tf.add(tf.mul(second, ADAM_BETA2), tf.mul(tf.square(gradient), 1 - ADAM_BETA2));
  const root = tf.div(tf.sqrt(square), Math.sqrt(1 - ADAM_BETA2 ** count));
  const rate = learningRate / (1 - momentum ** count);
  const change = tf.mul(tf.div(mean, tf.add(root, ADAM_EPSILON)), rate);
  return { values: tf.sub(values, change), first: mean, second: square };
};

const sgd: Optimizer = ({ values, first, second }, gradient, { learningRate, momentum }) => {
  const velocity = tf.add(tf.mul(first, momentum), gradient);
  return {
    values: tf.sub(values, tf.mul(velocity, learningRate)),
    first: velocity,
    second: second.clone(),
  };
};

const OPTIMIZERS: { readonly [N in Step['optimizer']]: Optimizer } = { adam, sgd };

export const updated: Optimizer = (learned, gradient, step, count) => {
  const penalised =
    step.weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(learned.values, step.weightDecay));
  return OPTIMIZERS[step.optimizer](learned, penalised, step, count);
};
