// A network as PyTorch source that a person can read and change: a class a cell, submodules called as in our
// paths, so that the names in its state are `b0.n1.dw1.weight`. It needs PyTorch (1.10 or later) and nothing else.

import type { Network, Node, NodeOf, Op } from '../../search/network.ts';
import { INPUT_RANGE, factsAsText, modelTitle } from '../facts.ts';
import { BN_EPSILON, type Subject } from '../subject.ts';
import { type Branch, type Leaf, type Part, treeOf } from '../tree.ts';
import { HELPERS, type HelperName, LOADING } from './support.ts';

interface Row<O extends Op> {
  /** A module that does it. */
  readonly module?: (node: NodeOf<O>, from: Node) => string;
  /** An expression over names of what it reads; where there is none the module is called. */
  readonly call?: (reads: readonly string[]) => string;
  readonly needs?: readonly HelperName[];
}

const pair = ([height, width]: readonly number[]): string => `(${height}, ${width})`;

const ROWS: { readonly [O in Op]: Row<O> } = {
  input: { call: () => 'images' },
  conv: {
    module: ({ attrs: { kernel, channels, stride = 1 } }, { shape: [, , from] }) =>
      `conv(${from}, ${channels}, ${pair(kernel)}${stride === 1 ? '' : `, stride=${stride}`})`,
    needs: ['conv'],
  },
  depthwise: {
    module: ({ attrs: { kernel, dilation }, shape: [, , channels] }) =>
      `depthwise(${channels}, ${pair(kernel)}${dilation === 1 ? '' : `, dilation=${dilation}`})`,
    needs: ['depthwise'],
  },
  batchNorm: {
    module: ({ shape: [, , channels] }) => `nn.BatchNorm2d(${channels}, eps=${BN_EPSILON.toExponential()})`,
  },
  relu: { module: () => 'nn.ReLU()', call: ([x]) => `torch.relu(${x})` },
  zero: { call: ([x]) => `torch.zeros_like(${x})` },
  concat: { call: (reads) => `torch.cat([${reads.join(', ')}], dim=1)` },
  add: { call: (reads) => reads.join(' + ') },
  maxPool: { module: ({ attrs: { size } }) => `MaxPool(${size})`, needs: ['padded', 'MaxPool'] },
  avgPool: { module: ({ attrs: { size } }) => `AveragePool(${size})`, needs: ['padded', 'AveragePool'] },
  globalAvgPool: { module: () => 'nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())' },
  dense: { module: ({ attrs: { units } }, { shape: [, , from] }) => `nn.Linear(${from}, ${units})` },
};

const rowOf = ({ node }: Leaf): Row<Op> => ROWS[node.op] as unknown as Row<Op>;

/** Python's names begin with no digit: the path s0.b0.1 becomes s0.b0.part1. */
const identifier = (name: string): string => (/^\d/u.test(name) ? `part${name}` : name);

/** What a path is called in the state. */
export const pythonPath = (path: string): string => path.split('.').map(identifier).join('.');

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
const classOf = ({ path }: Part): string => path.split('.').map(identifier).map(capital).join('');

const INDENT = '    ';
const indented = (lines: readonly string[], levels = 1): readonly string[] =>
  lines.map((line) => (line === '' ? '' : INDENT.repeat(levels) + line));

/** Whether it is a submodule, and not an expression. */
const isModule = (part: Part): boolean => part.kind === 'branch' || rowOf(part).call === undefined;

const only = ({ path }: Part, indices: readonly number[]): number => {
  const [index] = indices;
  if (index === undefined || indices.length > 1)
    throw new Error(`${path} has ${indices.length} ways in or out; a module here has one`);
  return index;
};

/** What makes the part: lines, of which the first follows `name = `. */
function construction(part: Part, network: Network): readonly string[] {
  if (part.kind === 'leaf') {
    const from = network.nodes[part.node.inputs[0] ?? 0] as Node;
    const made = rowOf(part).module?.(part.node, from);
    if (made === undefined) throw new Error(`${part.path} (${part.node.op}) is no module`);
    return [made];
  }
  if (!part.isChain) return [`${classOf(part)}()`];
  const steps = part.children.flatMap((child) => {
    const [head = '', ...rest] = construction(child, network);
    const lines = [`${identifier(child.name)}=${head}`, ...rest];
    return [...lines.slice(0, -1), `${lines.at(-1)},`];
  });
  return ['sequence(', ...indented(steps), ')'];
}

/** `return`s what the children make of the one value that the branch reads. */
function forwardOf(branch: Branch): readonly string[] {
  const names = new Map<number, string>();
  const input = branch.path === '' ? [] : [only(branch, branch.reads)];
  for (const index of input) names.set(index, 'x');
  const steps = branch.children.flatMap((child) => {
    const reads = (child.kind === 'leaf' ? child.node.inputs : child.reads).map((index) => {
      const name = names.get(index);
      if (name === undefined) throw new Error(`${child.path} reads node ${index} before it is made`);
      return name;
    });
    const own = identifier(child.name);
    const call = child.kind === 'leaf' ? rowOf(child).call : undefined;
    names.set(only(child, child.gives), child.path === 'input' ? 'images' : own);
    if (child.path === 'input') return [];
    return [`${own} = ${call?.(reads) ?? `self.${own}(${reads.join(', ')})`}`];
  });
  return [...steps, `return ${names.get(only(branch, branch.gives))}`];
}

/** What a person calls the operation of a cell's node. */
function operationOf({ blocks }: Network, path: string): string {
  const cells = blocks.flatMap(({ normal, reduction }) => [...normal, ...reduction]);
  const found = cells.find((cell) => cell.path === path);
  return found === undefined ? '' : `  # ${found.operation}`;
}

/** Classes of the branches below first, in the order they are used. */
function classesOf(
  branch: Branch,
  network: Network,
  name: string,
  doc: readonly string[],
): readonly string[][] {
  const below = branch.children.flatMap((child) => nested(child, network));
  const modules = branch.children.filter(isModule).flatMap((child) => {
    const [head = '', ...rest] = construction(child, network);
    return [`self.${identifier(child.name)} = ${head}${operationOf(network, child.path)}`, ...rest];
  });
  const argument = branch.path === '' ? 'images' : 'x';
  return [
    ...below,
    [
      `class ${name}(nn.Module):`,
      ...indented(doc),
      ...(doc.length === 0 ? [] : ['']),
      ...indented(['def __init__(self):', ...indented(['super().__init__()', ...modules])]),
      '',
      ...indented([`def forward(self, ${argument}):`, ...indented(forwardOf(branch))]),
    ],
  ];
}

/** From which shape to which. */
function docOf(branch: Branch, { nodes }: Network): string {
  const shape = (indices: readonly number[]): string => {
    const [height, width, channels] = nodes[only(branch, indices)]?.shape ?? [];
    return `[N, ${channels}, ${height}, ${width}]`;
  };
  return `"""From ${shape(branch.reads)} to ${shape(branch.gives)}."""`;
}

function nested(part: Part, network: Network): readonly string[][] {
  if (part.kind === 'leaf') return [];
  return part.isChain
    ? part.children.flatMap((child) => nested(child, network))
    : classesOf(part, network, classOf(part), [docOf(part, network)]);
}

const leavesOf = (part: Part): readonly Leaf[] =>
  part.kind === 'leaf' ? [part] : part.children.flatMap(leavesOf);

/** Text in lines of a docstring, broken at spaces and commas. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [''];
  for (const word of text.split(/(?<=[ ,])/u)) {
    const line = lines.at(-1) as string;
    if (line !== '' && (line + word).trimEnd().length > width) lines.push(word);
    else lines[lines.length - 1] = line + word;
  }
  return lines.map((line) => line.trim());
}

const LINE = 79;

/** What Python would take for the end of a docstring, or for an escape, is taken out. */
const quotable = (text: string): string => text.replaceAll('\\', '/').replaceAll('"', "'");

function heading(subject: Subject): readonly string[] {
  const facts = Object.entries(factsAsText(subject)).flatMap(([name, value]) => {
    const [first = '', ...rest] = wrapped(quotable(`${name}: ${value}`), LINE - INDENT.length);
    return [first, ...indented(rest)];
  });
  return [
    `"""${modelTitle(subject.model)} in PyTorch, written by MedNAS.`,
    '',
    ...facts,
    '',
    `    network = load("${subject.name}.safetensors")`,
    '    logits = network(prepared(pixels))',
    '',
    'Research only: this is not a medical device.',
    '"""',
  ];
}

const CLASS = 'Network';

/** The module's text, which defines `Network`, `prepared` and `load`. */
export function pythonSource(subject: Subject): string {
  const { network, input, classes } = subject;
  const tree = treeOf(network);
  const used = new Set(leavesOf(tree).flatMap((leaf) => rowOf(leaf).needs ?? []));
  const helpers = Object.entries(HELPERS).filter(([name]) => used.has(name as HelperName));
  const [height, width, channels] = input;
  const doc = [
    '"""From images to logits.',
    '',
    `images: float32 [N, ${channels}, ${height}, ${width}];`,
    `${INPUT_RANGE}.`,
    `Returns [N, ${classes}], before softmax (or sigmoid, of a multi-label task).`,
    '"""',
  ];
  const parts = [
    [...heading(subject), '', ...LOADING.imports, ...(used.has('padded') ? LOADING.functional : [])],
    LOADING.sequence,
    ...helpers.map(([, lines]) => lines),
    ...classesOf(tree, network, CLASS, doc),
    LOADING.prepared,
    LOADING.read,
    LOADING.load,
  ];
  return `${parts.map((lines) => lines.join('\n')).join('\n\n\n')}\n`;
}
