// A network as a layers model of TF.js (`tf.loadLayersModel`): the topology and a list of weights in JSON, the
// weights in shards that a browser caches one by one.

import { factsAsText } from '../facts.ts';
import { type ExportedFile, type Subject, valuesIn } from '../subject.ts';
import { layersOf, weightsOf } from './layers.ts';

/** The converter's own. */
const SHARD_BYTES = 4 * 2 ** 20;

/** @throws MedNasError INVALID_STATE without weights. */
export function writeTfjs(subject: Subject): readonly ExportedFile[] {
  const { name, network, facts } = subject;
  const values = valuesIn(subject, 'tfjs');
  const layers = layersOf(network);
  const weights = weightsOf(network, values);
  const bytes = Buffer.concat(
    weights.map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
  );
  const count = Math.ceil(bytes.length / SHARD_BYTES);
  const shards = Array.from({ length: count }, (_, i) => ({
    name: `${name}-shard${i + 1}of${count}.bin`,
    content: new Uint8Array(bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES)),
    mediaType: 'application/octet-stream',
  }));
  const model = {
    format: 'layers-model',
    generatedBy: `mednas ${facts.version}`,
    convertedBy: null,
    userDefinedMetadata: factsAsText(subject),
    modelTopology: {
      keras_version: '2.15.0',
      backend: 'tensorflow',
      model_config: {
        class_name: 'Functional',
        config: {
          name,
          trainable: true,
          layers,
          input_layers: [[layers[0]?.name, 0, 0]],
          output_layers: [[layers.at(-1)?.name, 0, 0]],
        },
      },
    },
    weightsManifest: [
      {
        paths: shards.map(({ name }) => name),
        weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
      },
    ],
  };
  return [
    { name: `${name}.json`, content: `${JSON.stringify(model)}\n`, mediaType: 'application/json' },
    ...shards,
  ];
}
