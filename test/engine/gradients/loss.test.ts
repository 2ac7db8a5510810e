import fc from 'fast-check';
import { type Problem, type Targets, targetsOf } from '../../../src/engine/gradients/gradient.ts';
import { lossCurvature, lossGradient } from '../../../src/engine/gradients/loss.ts';
import { startNetwork } from '../../../src/search/network.ts';

const targets = (rows: readonly (readonly number[])[], multiLabel: boolean): Targets => ({
  values: Float32Array.from(rows.flat()),
  images: rows.length,
  classes: rows[0]?.length ?? 0,
  multiLabel,
});
const floats = (...values: number[]): Float64Array => Float64Array.from(values);

function expectNear(values: ArrayLike<number>, wanted: readonly number[]): void {
  expect(values).toHaveLength(wanted.length);
  wanted.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 12));
}

describe('by hand', () => {
  test.each([
    // softmax (1/2, 1/2), mean over one image.
    { name: 'two equal logits', logits: [0, 0], rows: [[1, 0]], multiLabel: false, gradient: [-0.5, 0.5] },
    // softmax (1/4, 3/4) of (0, ln 3), two images.
    {
      name: 'two images',
      logits: [0, Math.log(3), 0, 0],
      rows: [
        [0, 1],
        [1, 0],
      ],
      multiLabel: false,
      gradient: [0.125, -0.125, -0.25, 0.25],
    },
    { name: 'one class: nothing to learn', logits: [7], rows: [[1]], multiLabel: false, gradient: [0] },
    // sigmoid (1/2, 3/4) of (0, ln 3), mean over two classes.
    {
      name: 'two labels',
      logits: [0, Math.log(3)],
      rows: [[1, 1]],
      multiLabel: true,
      gradient: [-0.25, -0.125],
    },
    { name: 'no label', logits: [0, 0], rows: [[0, 0]], multiLabel: true, gradient: [0.25, 0.25] },
    // Exponentials past what floats hold.
    { name: 'huge logits', logits: [2000, -2000], rows: [[0, 1]], multiLabel: false, gradient: [1, -1] },
    {
      name: 'huge logits, labels',
      logits: [2000, -2000],
      rows: [[0, 1]],
      multiLabel: true,
      gradient: [0.5, -0.5],
    },
  ])('gradient: $name', ({ logits, rows, multiLabel, gradient }) => {
    expectNear(lossGradient(floats(...logits), targets(rows, multiLabel)), gradient);
  });

  test('curvature', () => {
    // diag(p) - p p^T is (1/4, -1/4; -1/4, 1/4).
    const one = targets([[1, 0]], false);
    expect(lossCurvature(floats(0, 0), floats(1, 0), floats(1, 0), one)).toBeCloseTo(0.25, 12);
    expect(lossCurvature(floats(0, 0), floats(1, 0), floats(0, 2), one)).toBeCloseTo(-0.5, 12);
    // p (1 - p) of each alone, over two classes.
    const two = targets([[1, 0]], true);
    expect(lossCurvature(floats(0, Math.log(3)), floats(1, 4), floats(1, 2), two)).toBeCloseTo(
      (0.25 + 8 * 0.1875) / 2,
      12,
    );
    expect(lossCurvature(floats(0, 0), floats(1, 0), floats(0, 1), two)).toBe(0);
  });
});

test('the curvature is the derivative of the gradient', () => {
  const asked = fc
    .record({
      images: fc.integer({ min: 1, max: 3 }),
      classes: fc.integer({ min: 1, max: 4 }),
      multiLabel: fc.boolean(),
    })
    .chain(({ images, classes, multiLabel }) => {
      const size = images * classes;
      const values = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), {
        minLength: size,
        maxLength: size,
      });
      const labels = fc.array(fc.integer({ min: 0, max: multiLabel ? 1 : classes - 1 }), {
        minLength: multiLabel ? size : images,
        maxLength: multiLabel ? size : images,
      });
      return fc.record({
        images: fc.constant(images),
        classes: fc.constant(classes),
        multiLabel: fc.constant(multiLabel),
        logits: values,
        a: values,
        b: values,
        labels,
      });
    });
  fc.assert(
    fc.property(asked, ({ images, classes, multiLabel, labels, ...rest }) => {
      const rows = Array.from({ length: images }, (_, n) =>
        Array.from({ length: classes }, (_, c) =>
          multiLabel ? (labels[n * classes + c] as number) : Number(labels[n] === c),
        ),
      );
      const goal = targets(rows, multiLabel);
      const [logits, a, b] = [rest.logits, rest.a, rest.b].map((values) => floats(...values)) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      const step = 1e-5;
      const at = (by: number): Float64Array =>
        lossGradient(
          logits.map((z, i) => z + by * (a[i] as number)),
          goal,
        );
      const [above, below] = [at(step), at(-step)];
      const slope = b.reduce(
        (sum, d, i) => sum + (d * ((above[i] as number) - (below[i] as number))) / (2 * step),
        0,
      );
      expect(lossCurvature(logits, a, b, goal)).toBeCloseTo(slope, 7);
    }),
  );
});

describe('targets', () => {
  const problem = (labels: readonly number[], multiLabel: boolean): Problem => {
    const net = startNetwork([1, 1, 2]);
    net.add('dense', [0], { units: 3 }, 'head.dense');
    return {
      network: { nodes: net.nodes, blocks: [] },
      batch: { images: new Float32Array(4), labels: Int32Array.from(labels) },
      input: [1, 1, 2],
      seed: 0,
      multiLabel,
    };
  };

  test('of class indices and of labels', () => {
    expect(targetsOf(problem([2, 0], false))).toEqual({
      values: Float32Array.of(0, 0, 1, 1, 0, 0),
      images: 2,
      classes: 3,
      multiLabel: false,
    });
    expect(targetsOf(problem([1, 0, 1, 0, 0, 0], true)).values).toEqual(Float32Array.of(1, 0, 1, 0, 0, 0));
  });

  test.each([
    { labels: [0], multiLabel: false, message: 'a batch of 2 images has 1 labels, want 2' },
    { labels: [0, 1], multiLabel: true, message: 'a batch of 2 images has 2 labels, want 6' },
    { labels: [0, 3], multiLabel: false, message: 'label 1 of the batch is 3, want 0 to 2' },
    { labels: [-1, 0], multiLabel: false, message: 'label 0 of the batch is -1, want 0 to 2' },
    { labels: [0, 0, 0, 0, 2, 0], multiLabel: true, message: 'label 4 of the batch is 2, want 0 to 1' },
  ])('refuses $labels', ({ labels, multiLabel, message }) => {
    expect(() => targetsOf(problem(labels, multiLabel))).toThrow(message);
  });
});
