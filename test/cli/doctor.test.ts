// `mednas doctor`, and what becomes of a backend that this machine does not have.

import { scratchFolders } from '../service/laboratory.ts';
import { mednas } from './mednas.ts';

const newFolder = scratchFolders();

test('says what this machine computes on, and that it computes what it should', async () => {
  const { code, stdout } = await mednas(['doctor', '--json'], { cwd: newFolder() });
  const { engine, backends, selfTest } = JSON.parse(stdout);
  expect(engine).toMatchObject({
    backend: 'wasm',
    numerics: expect.stringMatching(/^wasm-/u),
    adapter: null,
  });
  expect(engine.simd).toMatch(/SIMD.*bits/u);
  expect(engine.workerMemory).toBeLessThan(engine.memory);
  expect(Object.keys(backends)).toEqual(['wasm', 'webgpu', 'tensorflow']);
  expect(backends.wasm).toBeNull();
  expect(backends.tensorflow).toMatch(/npm install @tensorflow\/tfjs-node-gpu/u);
  expect(selfTest).toHaveLength(6);
  expect(selfTest.every(({ passed }: { readonly passed: boolean }) => passed)).toBe(true);
  expect(code).toBe(0);
});

test('as a page', async () => {
  const { code, stdout } = await mednas(['doctor'], { cwd: newFolder() });
  expect(stdout).toMatch(/^backend +wasm$/mu);
  expect(stdout).toMatch(/^ +wasm: can be chosen$/mu);
  expect(stdout.match(/ passed$/gmu)).toHaveLength(7);
  expect(stdout).toMatch(/^a loss in training +1\.557\d+ +1\.5575\d+ .* passed$/mu);
  expect(code).toBe(0);
});

test.each([
  ['tensorflow', /npm install @tensorflow\/tfjs-node-gpu.*ENGINE_UNAVAILABLE/u],
  ['cuda', /MEDNAS_BACKEND is one of auto, wasm, webgpu, tensorflow; got/u],
])('MEDNAS_BACKEND=%s is refused with what to do', async (backend, says) => {
  const args = ['search', '--population', '2', '--generations', '0', '--init-channels', '4', '--batch', '4'];
  const { code, stdout, stderr } = await mednas(args, { cwd: newFolder(), env: { MEDNAS_BACKEND: backend } });
  expect(stderr.replaceAll('\n', ' ')).toMatch(says);
  expect(stderr).not.toMatch(/^ +at /mu);
  expect([code === 0, stdout]).toEqual([false, '']);
});
