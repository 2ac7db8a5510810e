// The formats a network can leave in. A new one is one file and one line here.

import { writeCard } from './card.ts';
import { writeDot } from './graph/dot.ts';
import { writeJson } from './graph/json.ts';
import { writeSvg } from './graph/svg.ts';
import { writeOnnx } from './onnx/onnx.ts';
import { writePytorch } from './pytorch/pytorch.ts';
import type { ExportedFile, Subject } from './subject.ts';
import { writeTfjs } from './tfjs/tfjs.ts';

export const FORMAT_NAMES = ['onnx', 'pytorch', 'tfjs', 'json', 'svg', 'dot'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

interface Format {
  /** For people. */
  readonly title: string;
  /** Ends the name of the main file. */
  readonly extension: string;
  /** The main file first. @throws MedNasError INVALID_STATE without weights where it needs them. */
  write(subject: Subject): readonly ExportedFile[];
}

export const FORMATS = {
  onnx: { title: 'ONNX, operator set 17', extension: '.onnx', write: writeOnnx },
  pytorch: {
    title: 'PyTorch source, with safetensors when there are weights',
    extension: '.py',
    write: writePytorch,
  },
  tfjs: { title: 'Keras layers model for TF.js', extension: '.json', write: writeTfjs },
  json: { title: 'graph as JSON', extension: '.graph.json', write: writeJson },
  svg: { title: 'picture', extension: '.svg', write: writeSvg },
  dot: { title: 'Graphviz source', extension: '.dot', write: writeDot },
} as const satisfies Readonly<Record<FormatName, Format>>;

/**
 * The format's files, the main one first, and the model card.
 * @throws MedNasError INVALID_STATE without weights where the format needs them.
 */
export const filesOf = (format: FormatName, subject: Subject): readonly ExportedFile[] => [
  ...FORMATS[format].write(subject),
  ...writeCard(subject),
];
