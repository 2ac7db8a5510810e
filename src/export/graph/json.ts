// A network's graph as JSON for programs: nodes with shapes, costs and parameters, cells as a person sees them.
// docs/graph.schema.json says what each field is; a change that breaks readers is a new version.

import { macs, nodeMacs, nodeParams, params, reluUnits } from '../../search/network.ts';
import { layoutOf, parametersOf } from '../../search/parameters.ts';
import { factsAsText, modelId, modelTitle, weightsHash } from '../facts.ts';
import type { ExportedFile, Subject } from '../subject.ts';

export function writeJson(subject: Subject): readonly ExportedFile[] {
  const { name, network, model, input, classes, facts } = subject;
  const layout = layoutOf(network);
  const graph = {
    format: 'mednas-graph',
    version: 1,
    producer: factsAsText(subject)['producer'],
    model: { ...model, id: modelId(model), title: modelTitle(model) },
    input,
    classes,
    classNames: facts.dataset?.classes ?? null,
    weightsSha256: weightsHash(subject),
    totals: { macs: macs(network), params: params(network), reluUnits: reluUnits(network) },
    nodes: network.nodes.map((node, index) => ({
      index,
      path: node.path,
      op: node.op,
      attributes: node.attrs,
      inputs: node.inputs,
      shape: node.shape,
      macs: nodeMacs(network, node),
      params: nodeParams(network, node),
      parameters: Object.values(parametersOf(layout, index)).map(({ name, role, shape, offset, size }) => ({
        name,
        role,
        shape,
        offset,
        size,
      })),
    })),
    blocks: network.blocks,
  };
  const content = `${JSON.stringify(graph, null, 2)}\n`;
  return [{ name: `${name}.graph.json`, content, mediaType: 'application/json' }];
}
