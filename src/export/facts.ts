// What is said of an exported network wherever a format has room for words: names, what made it, how its input
// is prepared.

import { createHash } from 'node:crypto';
import { architectureId } from '../search/identity.ts';
import type { Model } from '../search/model.ts';
import { macs, params } from '../search/network.ts';
import type { Subject } from './subject.ts';

/** How an image becomes an input, as in training. */
export const INPUT_RANGE = 'pixels 0 to 255 scaled as (x / 255 - 0.5) / 0.5, to -1..1';

/** Names of baselines as their papers write them. */
const TITLES: Readonly<Record<Extract<Model, { kind: 'baseline' }>['name'], string>> = {
  resnet18: 'ResNet-18',
};

/** Of a canonical genotype in its space; a baseline's name. */
export const modelId = (model: Model): string =>
  model.kind === 'architecture' ? architectureId(model.space, model.genotype) : model.name;

export const modelTitle = (model: Model): string =>
  model.kind === 'architecture'
    ? `${model.space.toUpperCase()} ${modelId(model).slice(0, 8)}`
    : TITLES[model.name];

/** SHA-256, hex, of the flat vector of float32 that `layoutOf` lays out; null without weights. */
export const weightsHash = ({ values }: Pick<Subject, 'values'>): string | null =>
  values === null
    ? null
    : createHash('sha256')
        .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
        .digest('hex');

export function weightsInWords({ values, facts: { training, seed } }: Subject): string {
  if (values === null) return 'none';
  return training === null
    ? `initial, not trained (seed ${seed})`
    : `trained: epoch ${training.epoch + 1} of run ${training.id} (seed ${seed})`;
}

/** For metadata that is text by name; what is not known is left out. */
export function factsAsText(subject: Subject): Readonly<Record<string, string>> {
  const { model, input, classes, network, facts } = subject;
  const hash = weightsHash(subject);
  return {
    model: modelTitle(model),
    architecture: modelId(model),
    ...(model.kind === 'architecture' && { space: model.space, genotype: model.genotype.join(',') }),
    init_channels: String(model.initChannels),
    input: `${input.join(' x ')} (height x width x channels), ${INPUT_RANGE}`,
    classes: facts.dataset === null ? String(classes) : JSON.stringify(facts.dataset.classes),
    ...(facts.dataset !== null && { dataset: facts.dataset.name, task: facts.dataset.task }),
    weights: weightsInWords(subject),
    ...(hash !== null && { weights_sha256: hash }),
    macs: String(macs(network)),
    params: String(params(network)),
    producer: `mednas ${facts.version}`,
    intended_use: 'research; not a medical device',
  };
}
