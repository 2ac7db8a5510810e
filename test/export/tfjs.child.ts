// Reloads layers models with TF.js and runs them, in a process of its own: jest's has other classes than tf.js
// looks for. Argument: a JSON file of jobs (runtimes.ts).

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import type { Job } from './runtimes.ts';

const read = (from: string): ArrayBuffer => new Uint8Array(readFileSync(from)).buffer;

const handlerOf = (path: string): tf.io.IOHandler => ({
  load: () =>
    tf.io.getModelArtifactsForJSON(
      JSON.parse(readFileSync(path, 'utf8')) as tf.io.ModelJSON,
      async (manifest) => [
        tf.io.getWeightSpecs(manifest),
        tf.io.concatenateArrayBuffers(
          manifest.flatMap(({ paths }) => paths.map((name) => read(join(dirname(path), name)))),
        ),
      ],
    ),
});

const jobs = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as readonly Job[];
const results = [];
for (const { main, images, shape } of jobs) {
  const model = await loadLayersModel(handlerOf(main));
  const logits = model.predict(tf.tensor4d(new Float32Array(read(images)), [...shape])) as tf.Tensor;
  results.push({
    shape: logits.shape,
    logits: [...(await logits.data())],
    told: model.getUserDefinedMetadata(),
  });
  tf.disposeVariables();
}
process.stdout.write(JSON.stringify(results));
