import { pairVectors } from '../src/engine/kernels/load.ts';
import { openSimd } from '../src/engine/simd/backend.ts';
import { networkOfModel, type Model } from '../src/search/model.ts';
import { macs, params } from '../src/search/network.ts';
import { initialState } from '../src/engine/training/state.ts';
import { readFileSync } from 'node:fs';
pairVectors();
const backend = await openSimd({});
console.log(backend.numerics);
const genotypes = JSON.parse(readFileSync('bench/genotypes.json','utf8')) as number[][];
const N = 128;
const which = process.argv[2] ?? 'all';
const models: [string, Model, number][] = [
  ...genotypes.slice(0, 4).map((genotype, i): [string, Model, number] => [`genotype ${i}`, { kind: 'architecture', space: 'mstf', genotype, initChannels: 16 }, 3]),
  ['resnet18', { kind: 'baseline', name: 'resnet18', initChannels: 64 }, 1],
];
for (const [name, model, rounds] of models) {
  if (which !== 'all' && name !== which) continue;
  const problem = { model, input: [28, 28, 1] as const, classes: 2, multiLabel: false };
  const network = networkOfModel(model, problem);
  const t0 = performance.now();
  const trainer = await backend.trainer({ network, multiLabel: false }, initialState(problem, 1));
  const t1 = performance.now();
  const images = Float32Array.from({ length: N * 784 }, (_, i) => Math.sin(i * 1.37 + (i % 7)));
  const labels = Int32Array.from({ length: N }, (_, i) => i % 2);
  const step = { optimizer: 'adam', learningRate: 1e-3, momentum: 0.9, weightDecay: 0 } as const;
  const l0 = await trainer.step({ images, labels }, step);
  const times = [];
  for (let i = 0; i < rounds + 1; i++) { const s = performance.now(); await trainer.step({ images, labels }, step); times.push(performance.now() - s); }
  const s = performance.now(); await trainer.predict(images); const p = performance.now() - s;
  const best = Math.min(...times);
  console.log(name, (macs(network)/1e6).toFixed(1), 'M macs', (params(network)/1e6).toFixed(3), 'M params; open', (t1-t0).toFixed(0), 'ms; step', best.toFixed(0), 'ms', (3*2*macs(network)*N/best/1e6).toFixed(1), 'GFLOP/s; predict', p.toFixed(0), 'loss', l0);
  trainer.close();
}
