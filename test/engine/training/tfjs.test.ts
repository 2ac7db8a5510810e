import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { openTfjs } from '../../../src/engine/tfjs.ts';
import { tfjsTraining } from '../../../src/engine/training/tfjs/trainer.ts';
import { trainerContract } from './trainer.contract.ts';

const open = async () => {
  await openTfjs();
  return tfjsTraining;
};

trainerContract('tf.js', open, { every: 1, overfits: true });
