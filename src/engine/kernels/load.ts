// Loads the kernels onto a memory: the fused multiply-add build where the engine has relaxed SIMD, else
// the plain one, and of each kernel's two widths the one that is faster here.
//
// Node 24's V8 can pair 128-bit operations into 256-bit ones (`pairVectors`), which nearly doubles the
// wide kernels and is of little use to the narrow ones; without it the wide ones spill their registers.
// What V8 made of them can't be asked, so both are timed. The results are equal bit for bit either way.

import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { MedNasError } from '../../search/errors.ts';
import { bind, type Exports, instantiate } from './exports.ts';
import type { AllKernels } from '../gradients/kernels.ts';
import type { Kernels } from './kernels.ts';

/** The oldest V8 whose pairing is a gain: in Node 22's (12.4) it made the kernels slower. */
const PAIRING_V8 = 13;

/**
 * Lets V8 compile pairs of 128-bit SIMD operations as 256-bit ones, in the whole process: to be called
 * once, before workers start or kernels load. The option is experimental in V8.
 */
export function pairVectors(): void {
  if (Number.parseInt(process.versions.v8, 10) < PAIRING_V8) return;
  setFlagsFromString('--experimental-wasm-revectorize');
}

async function read(build: Kernels['build']): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(`../../../build/kernels/${build}.wasm`, import.meta.url);
  try {
    return new Uint8Array(await readFile(url));
  } catch (cause) {
    throw new MedNasError(
      'ENGINE_UNAVAILABLE',
      `the SIMD kernels are not built: cannot read ${url.pathname}. Run 'npm run build'.`,
      { cause },
    );
  }
}

/** Long enough for V8 to replace its first, unoptimised code, which it does in the background. */
const WARM_MS = 40;

/** Whether the wide matrix product beats the narrow one, timed on a memory of its own. */
async function wideIsFaster(module: WebAssembly.Module): Promise<boolean> {
  const raw: Exports = await instantiate(module, new WebAssembly.Memory({ initial: 4 }));
  const [m, n, k] = [48, 64, 64];
  const [a, packed, c, scratch] = [1024, 32 * 1024, 64 * 1024, 128 * 1024];
  const time = (wide: number): number => {
    const start = performance.now();
    for (let i = 0; i < 20; i++) raw.gemm(wide, m, n, k, a, k, packed, c, n, 0, 0, scratch);
    return performance.now() - start;
  };
  const end = performance.now() + WARM_MS;
  while (performance.now() < end) {
    time(0);
    time(1);
  }
  // The quickest of a few alternating rounds: other work on the machine only makes a round slower.
  const rounds = Array.from({ length: 8 }, () => [time(0), time(1)] as const);
  return Math.min(...rounds.map(([, wide]) => wide)) < Math.min(...rounds.map(([narrow]) => narrow));
}

/**
 * The kernels on `memory` (`openHeap().memory`). What is left out is found out: `build` by what the
 * engine can do, `wide` by timing (about 50 ms; a process that has found out tells its workers).
 * @throws MedNasError ENGINE_UNAVAILABLE when the kernels were not built or the engine has no SIMD.
 */
export async function loadKernels(
  memory: WebAssembly.Memory,
  options: { readonly build?: Kernels['build']; readonly wide?: boolean } = {},
): Promise<AllKernels> {
  const builds: readonly Kernels['build'][] =
    options.build === undefined ? ['relaxed', 'simd'] : [options.build];
  for (const build of builds) {
    const bytes = await read(build);
    if (!WebAssembly.validate(bytes)) continue;
    const module = await WebAssembly.compile(bytes);
    const wide = options.wide ?? (await wideIsFaster(module));
    return bind(await instantiate(module, memory), build, wide);
  }
  throw new MedNasError('ENGINE_UNAVAILABLE', `this JavaScript engine has no ${builds.at(-1)} WebAssembly.`);
}
