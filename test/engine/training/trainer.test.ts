import { openSimd } from '../../../src/engine/simd/backend.ts';
import { openTfjs } from '../../../src/engine/tfjs.ts';
import { pairVectors } from '../../../src/engine/kernels/load.ts';
import { trainerContract } from './trainer.contract.ts';

pairVectors();

trainerContract('tf.js', openTfjs, { every: 1, overfits: true });
trainerContract('SIMD, relaxed build', () => openSimd({ build: 'relaxed' }), { every: 1, overfits: true });
trainerContract('SIMD, simd build', () => openSimd({ build: 'simd' }), { every: 1, overfits: true });
