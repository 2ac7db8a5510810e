// Reloads a layers model with TF.js and runs it, in a process of its own: jest's has other classes than tf.js
// looks for. Arguments: the model, a file of float32 images [N, height, width, channels], N, height, width, channels.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';

const [path = '', file = '', ...dims] = process.argv.slice(2);
const shape = dims.map(Number) as [number, number, number, number];
const read = (from: string): ArrayBuffer => new Uint8Array(readFileSync(from)).buffer;
const json = JSON.parse(readFileSync(path, 'utf8')) as tf.io.ModelJSON;
const model = await loadLayersModel({
  load: () =>
    tf.io.getModelArtifactsForJSON(json, async (manifest) => [
      tf.io.getWeightSpecs(manifest),
      tf.io.concatenateArrayBuffers(
        manifest.flatMap(({ paths }) => paths.map((name) => read(join(dirname(path), name)))),
      ),
    ]),
});
const logits = model.predict(tf.tensor4d(new Float32Array(read(file)), shape)) as tf.Tensor;
process.stdout.write(JSON.stringify({ shape: logits.shape, logits: [...(await logits.data())] }));
