// A network as PyTorch source and, when it has weights, their safetensors in PyTorch's names and layouts.

import type { Node } from '../../search/network.ts';
import type { Role } from '../../search/parameters.ts';
import { encodeTensors } from '../../training/safetensors.ts';
import { factsAsText } from '../facts.ts';
import type { ExportedFile, Subject } from '../subject.ts';
import { outputFirstTensors } from '../tensors.ts';
import { pythonPath, pythonSource } from './source.ts';

const NAMES: Readonly<Record<Role, string>> = {
  weight: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  mean: 'running_mean',
  variance: 'running_var',
};

export function writePytorch(subject: Subject): readonly ExportedFile[] {
  const { name, network, values } = subject;
  const source = { name: `${name}.py`, content: pythonSource(subject), mediaType: 'text/x-python' };
  if (values === null) return [source];
  const tensors = outputFirstTensors(network, values).map(({ parameter: { node, role }, shape, values }) => ({
    name: `${pythonPath((network.nodes[node] as Node).path)}.${NAMES[role]}`,
    shape,
    values,
  }));
  const weights = encodeTensors({ tensors, metadata: { format: 'pt', ...factsAsText(subject) } });
  return [source, { name: `${name}.safetensors`, content: weights, mediaType: 'application/octet-stream' }];
}
