// From a network's logits to what is measured: the loss that training lowers, and the scores that MedMNIST's
// evaluator takes. In float64, so that no two logits become one score.

export interface Outputs {
  readonly classes: number;
  readonly multiLabel: boolean;
}

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/** ln(1 + e^x), without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** [rows, classes]: softmax over classes, or for multi-label a sigmoid each. */
export function scoresOf(logits: Float32Array, { classes, multiLabel }: Outputs): Float64Array {
  if (multiLabel) return Float64Array.from(logits, sigmoid);
  const scores = new Float64Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    const own = logits.subarray(row, row + classes);
    const largest = own.reduce((a, b) => Math.max(a, b), -Infinity);
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += scores[row + c] = Math.exp((own[c] as number) - largest);
    for (let c = 0; c < classes; c++) scores[row + c] = (scores[row + c] as number) / sum;
  }
  return scores;
}

function crossEntropy(logits: Float32Array, label: number): number {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  return largest + Math.log(sum) - (logits[label] as number);
}

/**
 * Mean over rows of the cross-entropy; for multi-label the mean over rows and classes of the binary one, as PyTorch's
 * CrossEntropyLoss and BCEWithLogitsLoss. Labels as in `LearningImages`.
 */
export function lossOf(logits: Float32Array, labels: Int32Array, { classes, multiLabel }: Outputs): number {
  let sum = 0;
  if (multiLabel) {
    for (const [i, logit] of logits.entries()) sum += softplus(logit) - logit * (labels[i] as number);
    return sum / logits.length;
  }
  for (const [row, label] of labels.entries())
    sum += crossEntropy(logits.subarray(row * classes, (row + 1) * classes), label);
  return sum / labels.length;
}
