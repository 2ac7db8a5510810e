// Runs ONNX models with onnxruntime in a process of its own: in jest's, arrays are of another realm.
// Argument: a JSON file of jobs (runtimes.ts).

import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-web';
import type { Job } from './runtimes.ts';

const jobs = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as readonly Job[];
const results = [];
for (const { main, images, shape } of jobs) {
  const [count, height, width, channels] = shape;
  const last = new Float32Array(new Uint8Array(readFileSync(images)).buffer);
  const first = Float32Array.from(last, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width) % height];
    const [c, n] = [Math.floor(i / (width * height)) % channels, Math.floor(i / (width * height * channels))];
    return last[((n * height + y) * width + x) * channels + c] as number;
  });
  const session = await InferenceSession.create(new Uint8Array(readFileSync(main)));
  const input = new Tensor('float32', first, [count, channels, height, width]);
  const { logits } = await session.run({ images: input });
  if (logits === undefined) throw new Error(`${main} has no output logits`);
  const { inputMetadata, outputMetadata } = session;
  results.push({
    shape: logits.dims,
    logits: [...(logits.data as Float32Array)],
    told: { inputMetadata, outputMetadata },
  });
  await session.release();
}
process.stdout.write(JSON.stringify(results));
