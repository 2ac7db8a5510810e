import { pairVectors } from '../../../src/engine/kernels/load.ts';
import { openSimd } from '../../../src/engine/simd/backend.ts';
import { trainerContract } from './trainer.contract.ts';

pairVectors();

trainerContract('SIMD, relaxed build', () => openSimd({ build: 'relaxed' }));
trainerContract('SIMD, simd build', () => openSimd({ build: 'simd' }));
