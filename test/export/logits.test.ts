// What leaves the service computes what the service computes: each format, in the tool that reads it, gives the
// logits of the engine and of a float64 truth.

import { openEngine } from '../../src/engine/pool.ts';
import { initialValues } from '../../src/engine/training/state.ts';
import { filesOf } from '../../src/export/formats.ts';
import { infer } from './inference.ts';
import { pythonWith, type Ran, runJobs, RUNTIMES } from './runtimes.ts';
import { CASES, pixelsFor, scaled, subjectOf } from './subjects.ts';

const IMAGES = 2;
/** Of the largest logit. */
const TOLERANCE = 1e-4;

const subjects = CASES.map((given) => {
  const subject = subjectOf(given);
  const pixels = pixelsFor(given.input, IMAGES);
  return { ...given, subject, pixels, images: scaled(pixels) };
});
type Given = (typeof subjects)[number];

const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs));

/** Largest difference over the largest logit. */
const distance = (some: ArrayLike<number>, truth: readonly number[]): number =>
  largest(truth.map((value, i) => value - (some[i] ?? Number.NaN))) / largest(truth);

const truthOf = ({ subject: { network, values }, images }: Given): readonly number[] =>
  infer(network, values as Float32Array, images).flat();
const truths = subjects.map(truthOf);

test.each(subjects.map((one, i) => [one.title, i] as const))(
  'the truth tells images and channels apart: %s',
  (_, i) => {
    const { classes } = subjects[i] as Given;
    const truth = truths[i] as readonly number[];
    const [first, second] = [truth.slice(0, classes), truth.slice(classes, 2 * classes)];
    expect(distance(second, first)).toBeGreaterThan(10 * TOLERANCE);
  },
);

test('the engine predicts the truth', async () => {
  const engine = await openEngine({ workers: 1 });
  try {
    for (const [i, { model, input, classes, subject, pixels }] of subjects.entries()) {
      const problem = { model, input, classes, multiLabel: false };
      const values = subject.values as Float32Array;
      const logits = await engine.predict(problem, values, pixels, new AbortController().signal);
      expect(logits).toHaveLength(IMAGES * classes);
      expect(distance(logits, truths[i] as readonly number[])).toBeLessThan(TOLERANCE);
    }
  } finally {
    await engine.close();
  }
});

const jobsOf = (format: Parameters<typeof filesOf>[0]) =>
  subjects.map(({ subject, images, input }) => ({
    files: filesOf(format, subject),
    images,
    shape: [IMAGES, ...input] as const,
  }));

for (const [name, { format, command }] of Object.entries(RUNTIMES)) {
  const suite = command === null ? describe.skip : describe;
  suite(command === null ? `${name}, skipped: it is not on this machine` : name, () => {
    let ran: readonly Ran[] = [];
    beforeAll(async () => {
      ran = JSON.parse(await runJobs(command as readonly string[], jobsOf(format))) as readonly Ran[];
    });

    test.each(subjects.map(({ title }, i) => [title, i] as const))('%s', (_, i) => {
      const { shape, logits } = ran[i] as Ran;
      expect(shape).toEqual([IMAGES, (subjects[i] as Given).classes]);
      expect(distance(logits, truths[i] as readonly number[])).toBeLessThan(TOLERANCE);
    });
  });
}

test('with initial weights, as the engine makes them in shared memory', async () => {
  const { subject, images, input, classes } = subjects[1] as Given;
  const values = initialValues(subject.network, 3);
  const truth = infer(subject.network, values, images).flat();
  const files = filesOf('onnx', { ...subject, values });
  const command = RUNTIMES['onnxruntime']?.command as readonly string[];
  const jobs = [{ files, images, shape: [IMAGES, ...input] as const }];
  const [ran] = JSON.parse(await runJobs(command, jobs)) as readonly [Ran];
  expect(ran.logits).toHaveLength(IMAGES * classes);
  expect(distance(ran.logits, truth)).toBeLessThan(TOLERANCE);
});

const checker = pythonWith('onnx');
const withChecker = checker === null ? describe.skip : describe;
withChecker(checker === null ? "ONNX's checker, skipped: no Python here has onnx" : "ONNX's checker", () => {
  test('finds nothing wrong, and every shape', async () => {
    const command = [checker as string, new URL('check_onnx.py', import.meta.url).pathname];
    const lines = (await runJobs(command, jobsOf('onnx'))).trim().split('\n');
    expect(lines).toHaveLength(subjects.length);
    for (const line of lines) {
      const { opset, unknown, metadata } = JSON.parse(line) as {
        readonly opset: number;
        readonly unknown: readonly string[];
        readonly metadata: Readonly<Record<string, string>>;
      };
      expect(opset).toBeGreaterThanOrEqual(17);
      expect(unknown).toEqual([]);
      expect(metadata['input']).toContain('-1..1');
    }
  });
});
