// Runs an ONNX model with onnxruntime in a process of its own: in jest's, arrays are of another realm.
// Arguments: the model, a file of float32 images [N, height, width, channels], N, height, width, channels.

import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-web';

const [model = '', file = '', ...dims] = process.argv.slice(2);
const [images = 0, height = 0, width = 0, channels = 0] = dims.map(Number);
const given = new Float32Array(new Uint8Array(readFileSync(file)).buffer);
const first = Float32Array.from(given, (_, i) => {
  const [x, y] = [i % width, Math.floor(i / width) % height];
  const [c, n] = [Math.floor(i / (width * height)) % channels, Math.floor(i / (width * height * channels))];
  return given[((n * height + y) * width + x) * channels + c] as number;
});
const session = await InferenceSession.create(new Uint8Array(readFileSync(model)));
const { logits } = await session.run({ images: new Tensor('float32', first, [images, channels, height, width]) });
const { inputMetadata, outputMetadata } = session;
process.stdout.write(
  JSON.stringify({ shape: logits?.dims, logits: [...(logits?.data as Float32Array)], inputMetadata, outputMetadata }),
);
