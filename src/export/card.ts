// The model card (Mitchell et al., FAT* 2019) that travels with every export: what the network is, what it was
// trained and measured on, what it is not for, and how it is loaded; as a page for people and as JSON.

import { macs, params } from '../search/network.ts';
import { INPUT_RANGE, modelId, modelTitle, weightsHash, weightsInWords } from './facts.ts';
import type { ExportedFile, Metric, Subject } from './subject.ts';

export const INTENDED_USE =
  'Research on neural architecture search and on classifying small medical images. It is not a medical device: no part ' +
  'of it has been examined for clinical use, and nothing it says is a diagnosis.';

const LIMITS = [
  'It was built for images prepared as below, of the size and kind of its dataset; of others it says nothing sound.',
  'Its outputs are scores, not calibrated probabilities.',
  'It has not been tested for differences between groups of patients, devices or hospitals.',
] as const;

const NOT_TRAINED =
  'Its weights are initial values: it has learned nothing, and its outputs mean nothing until it is trained.';

const figure = (value: number | null): string => (value === null ? '-' : value.toFixed(4));

const interval = ({ interval }: Metric): string =>
  interval === null ? '-' : `${figure(interval[0])} to ${figure(interval[1])}`;

const cell = (text: string | number): string => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');

type Row = readonly (string | number)[];

const tableLine = (cells: Row): string => `| ${cells.map(cell).join(' | ')} |`;

const table = (rows: readonly Row[]): readonly string[] => {
  const [head = [], ...rest] = rows;
  return [tableLine(head), tableLine(head.map(() => '---')), ...rest.map(tableLine)];
};

function modelRows(subject: Subject): readonly Row[] {
  const { model, network, input, classes } = subject;
  return [
    ['what', 'value'],
    ['model', modelTitle(model)],
    ['architecture id', modelId(model)],
    ...(model.kind === 'architecture'
      ? [
          ['search space', model.space],
          ['genotype', model.genotype.join(',')],
        ]
      : []),
    ['initial channels', model.initChannels],
    ['input', `${input[0]} x ${input[1]} pixels, ${input[2]} channel${input[2] === 1 ? '' : 's'}`],
    ['classes', classes],
    ['parameters', params(network)],
    ['multiply-accumulates an image', macs(network)],
    ['weights', weightsInWords(subject)],
    ['SHA-256 of the weights', weightsHash(subject) ?? '-'],
    ['seed', subject.facts.seed],
  ];
}

function dataLines({ facts: { dataset, training } }: Subject): readonly string[] {
  if (dataset === null) return ['None: this network was built for a size of image, not for a dataset.'];
  return [
    ...(training === null
      ? ['The architecture was scored on a batch of it; no weights were learned from it.', '']
      : []),
    ...table([
      ['what', 'value'],
      ['dataset', `${dataset.title} (\`${dataset.name}\`)`],
      ['task', dataset.task],
      ['classes', dataset.classes.map((name, i) => `${i} ${name}`).join('; ')],
      [
        'images',
        Object.entries(dataset.samples)
          .map(([split, count]) => `${split} ${count}`)
          .join(', ') || 'not known',
      ],
      ['licence of the data', dataset.licence ?? 'not known'],
      ['source', dataset.url ?? 'not known'],
    ]),
  ];
}

function trainingLines({ facts: { training } }: Subject): readonly string[] {
  if (training === null) return [NOT_TRAINED];
  const { recipe, epoch, id, metrics } = training;
  return [
    `Run \`${id}\`; the weights are those after epoch ${epoch + 1} of ${recipe.epochs}.`,
    '',
    ...table([['setting', 'value'], ...Object.entries(recipe).map(([name, value]) => [name, String(value)])]),
    '',
    '### Measured',
    '',
    ...table([
      ['split', 'measure', 'value', '95 % interval'],
      ...metrics.map((metric) => [metric.split, metric.name, figure(metric.value), interval(metric)]),
    ]),
  ];
}

const fence = (language: string, code: string): readonly string[] => [
  `\`\`\`${language}`,
  code.trim(),
  '```',
];

function loadingLines({ name, input: [height, width, channels] }: Subject): readonly string[] {
  return [
    `Input: ${INPUT_RANGE}. Of several classes take softmax over the logits, of several labels sigmoid of each.`,
    '',
    'ONNX (`--format onnx`), channels first, any number of images:',
    '',
    ...fence(
      'python',
      `
import numpy, onnxruntime
session = onnxruntime.InferenceSession("${name}.onnx")
# pixels: uint8 [N, ${height}, ${width}, ${channels}]
images = ((pixels.transpose(0, 3, 1, 2) / 255 - 0.5) / 0.5).astype(numpy.float32)
(logits,) = session.run(["logits"], {"images": images})`,
    ),
    '',
    'PyTorch (`--format pytorch`):',
    '',
    ...fence(
      'python',
      `
import importlib
exported = importlib.import_module("${name}")
network = exported.load("${name}.safetensors")
logits = network(exported.prepared(pixels))`,
    ),
    '',
    'TF.js (`--format tfjs`), channels last:',
    '',
    ...fence(
      'js',
      `
const model = await tf.loadLayersModel('${name}.json');
const logits = model.predict(pixels.div(255).sub(0.5).div(0.5)); // [N, ${height}, ${width}, ${channels}]`,
    ),
  ];
}

function page(subject: Subject): string {
  const lines = [
    `# ${modelTitle(subject.model)}`,
    '',
    `Written by MedNAS ${subject.facts.version}.`,
    '',
    '## Intended use and limits',
    '',
    INTENDED_USE,
    '',
    ...(subject.facts.training === null ? [`- ${NOT_TRAINED}`] : []),
    ...LIMITS.map((limit) => `- ${limit}`),
    '',
    '## Model',
    '',
    ...table(modelRows(subject)),
    '',
    '## Data',
    '',
    ...dataLines(subject),
    '',
    '## Training',
    '',
    ...trainingLines(subject),
    '',
    '## How it is loaded',
    '',
    ...loadingLines(subject),
  ];
  return `${lines.join('\n')}\n`;
}

const cardOf = (subject: Subject) => ({
  format: 'mednas-model-card',
  version: 1,
  model: { ...subject.model, id: modelId(subject.model), title: modelTitle(subject.model) },
  input: { shape: subject.input, scaling: INPUT_RANGE },
  classes: subject.classes,
  params: params(subject.network),
  macs: macs(subject.network),
  weights: { origin: weightsInWords(subject), sha256: weightsHash(subject) },
  seed: subject.facts.seed,
  dataset: subject.facts.dataset,
  training: subject.facts.training,
  producer: `mednas ${subject.facts.version}`,
  intendedUse: INTENDED_USE,
  limits: LIMITS,
});

/** Equal for equal subjects, whatever else is exported. */
export const writeCard = (subject: Subject): readonly ExportedFile[] => [
  { name: 'MODEL_CARD.md', content: page(subject), mediaType: 'text/markdown' },
  {
    name: 'card.json',
    content: `${JSON.stringify(cardOf(subject), null, 2)}\n`,
    mediaType: 'application/json',
  },
];
