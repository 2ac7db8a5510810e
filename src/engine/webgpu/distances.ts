// Sign codes and their Hamming distances on the GPU: two kernels in WGSL, run as tf.js programs. The
// matrix stays on the device until the forward pass is over.

import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { Maps } from '../forward.ts';
import type { OpenDistances } from '../tfjs.ts';

type Program = Parameters<WebGPUBackend['runWebGPUProgram']>[0];

const GROUP = 64;
/** Words a thread compares: more threads than pairs of images, to keep a GPU busy. */
const STRIP = 128;

/** Run by as many threads as `threads` multiplies to: `uniforms.size` in the code. */
function programOf(
  name: string,
  input: string,
  threads: readonly number[],
  atomic: boolean,
  code: string,
): Program {
  const size = threads.reduce((a, b) => a * b, 1);
  return {
    outputShape: [...threads],
    shaderKey: `mednas_${name}`,
    variableNames: [input],
    dispatchLayout: { x: threads.map((_, axis) => axis) },
    dispatch: [Math.ceil(size / GROUP), 1, 1],
    workgroupSize: [GROUP, 1, 1],
    size: true,
    atomic,
    getUserCode: () => code,
  };
}

/** [N, units] to [N, words]: a bit a unit, 1 where it is above 0. */
const PACK = `
  fn main(index : i32) {
    if (index >= uniforms.size) { return; }
    let words = uniforms.outShape[1];
    let units = uniforms.xShape[1];
    let image = index / words;
    let first = (index % words) * 32;
    var word = 0u;
    for (var bit = 0; bit < min(32, units - first); bit++) {
      if (X[image * units + first + bit] > 0.0) { word |= 1u << u32(bit); }
    }
    result[index] = bitcast<i32>(word);
  }
`;

/** Adds to [N, N] what a strip of the codes [N, words] adds to each pair. */
const COMPARE = `
  fn main(index : i32) {
    if (index >= uniforms.size) { return; }
    let images = uniforms.outShape[1];
    let words = uniforms.codesShape[1];
    let j = index % images;
    let i = (index / images) % images;
    let first = index / (images * images) * ${STRIP};
    var distance = 0;
    for (var w = first; w < min(first + ${STRIP}, words); w++) {
      distance += i32(countOneBits(bitcast<u32>(Codes[i * words + w] ^ Codes[j * words + w])));
    }
    atomicAdd(&(result[i * images + j]), distance);
  }
`;

export const openGpuDistances: OpenDistances = (images) => {
  const backend = tf.backend() as WebGPUBackend;
  const sum = tf.keep(tf.zeros([images, images], 'int32'));

  function pack(maps: Maps): tf.Tensor {
    const units = maps.size / images;
    const shape = [images, Math.ceil(units / 32)];
    const program = programOf('pack', 'X', shape, false, PACK);
    const input = tf.reshape(maps, [images, units]);
    return tf.engine().makeTensorFromTensorInfo(backend.runWebGPUProgram(program, [input], 'int32'));
  }

  return {
    add: (maps) =>
      tf.tidy(() => {
        const codes = pack(maps);
        const strips = Math.ceil((codes.shape[1] as number) / STRIP);
        const program = programOf('compare', 'Codes', [strips, images, images], true, COMPARE);
        backend.runWebGPUProgram(program, [codes], 'int32', undefined, sum);
      }),
    async take() {
      try {
        return Float64Array.from(await sum.data());
      } finally {
        sum.dispose();
      }
    },
  };
};
