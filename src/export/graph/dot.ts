// A network as Graphviz source: the same drawing as the SVG's, for who wants to lay it out or paint it their own way.

import { modelTitle } from '../facts.ts';
import type { ExportedFile, Subject } from '../subject.ts';
import { type Box, drawingOf, type Section } from './drawing.ts';
import { countLabel, shapeLabel } from './labels.ts';
import { PAINT } from './svg.ts';

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

function nodeLine({ id, title, kind, shape, params }: Box): string {
  const { fill, line } = PAINT[kind];
  const small = [shapeLabel(shape), ...(params > 0 ? [`${countLabel(params)} params`] : [])].join(' · ');
  const style = kind === 'pass' ? 'filled,rounded,dashed' : 'filled,rounded';
  // A line break in a label is written \n.
  const label = `${quoted(title.replaceAll('  ', ' ')).slice(0, -1)}\\n${quoted(small).slice(1)}`;
  return `${quoted(id)} [label=${label}, style="${style}", fillcolor="${fill}", color="${line}"];`;
}

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);

const cluster = (id: string, title: string, style: string, lines: readonly string[]): readonly string[] => [
  `subgraph ${quoted(`cluster_${id}`)} {`,
  ...indented([`label=${quoted(title)};`, style, ...lines]),
  '}',
];

function sectionLines({ id, title, boxes, groups }: Section): readonly string[] {
  const grouped = new Set(groups.flatMap(({ members }) => members));
  return cluster(id, title, 'style="filled,rounded"; fillcolor="#f7f9f8"; color="#dbe1de";', [
    ...boxes.filter((box) => !grouped.has(box.id)).map(nodeLine),
    ...groups.flatMap((group) =>
      cluster(
        group.id,
        group.title,
        'style="dashed,rounded"; color="#9fb0aa";',
        boxes.filter((box) => group.members.includes(box.id)).map(nodeLine),
      ),
    ),
  ]);
}

export function writeDot(subject: Subject): readonly ExportedFile[] {
  const { sections, edges } = drawingOf(subject.network);
  const content = [
    `digraph ${quoted(modelTitle(subject.model))} {`,
    ...indented([
      'graph [rankdir=TB, fontname="sans-serif", fontcolor="#15211e", labeljust=l, newrank=true];',
      'node [shape=box, fontname="sans-serif", fontsize=12, fontcolor="#15211e"];',
      'edge [color="#6d7f79", arrowsize=0.7];',
      ...sections.flatMap(sectionLines),
      ...edges.map(([from, to]) => `${quoted(from)} -> ${quoted(to)};`),
    ]),
    '}',
  ];
  return [
    { name: `${subject.name}.dot`, content: `${content.join('\n')}\n`, mediaType: 'text/vnd.graphviz' },
  ];
}
