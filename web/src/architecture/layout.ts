// Where a drawing goes on the page: each section is laid out by itself, and sections stand one below the other
// like lines of text, so that a network of any depth is no wider than its widest block.

import { Graph, layout } from '@dagrejs/dagre';
import type { Drawing, Section } from './drawing.ts';

/** Along which nodes follow each other within a section. */
export type Direction = 'LR' | 'TB';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** x, y: the upper left corner. */
export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface Placed {
  readonly width: number;
  readonly height: number;
  readonly frames: readonly { readonly section: Section; readonly box: Box }[];
  readonly groups: readonly { readonly title: string; readonly box: Box }[];
  readonly boxes: ReadonlyMap<string, Box>;
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly points: readonly Point[];
  }[];
}

export const NODE = { width: 138, height: 44 } as const;
const PAD = { side: 26, head: 34, foot: 18 } as const;
const GROUP = { side: 10, head: 20 } as const;
/** Between sections, where links run. */
const GAP = 26;
/** From a node to the link that turns beside it. */
const LANE = 13;

type Edge = Drawing['edges'][number];

interface Part {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly (readonly [id: string, box: Box])[];
  readonly edges: Placed['edges'];
}

/** One section, its upper left corner at 0, 0. */
function partOf({ nodes }: Section, edges: readonly Edge[], rankdir: Direction): Part {
  const graph = new Graph();
  graph.setGraph({ rankdir, nodesep: 18, ranksep: rankdir === 'LR' ? 32 : 34, edgesep: 10 });
  for (const { id } of nodes) graph.setNode(id, { ...NODE });
  for (const [from, to] of edges) graph.setEdge(from, to, {});
  // Each node of a cell reads one other, so the order of a walk in depth has no crossings; dagre starts from it,
  // and would only shuffle what is as good.
  layout(graph, { disableOptimalOrderHeuristic: true });
  const { width = 0, height = 0 } = graph.graph() as { readonly width?: number; readonly height?: number };
  return {
    width,
    height,
    boxes: nodes.map(({ id }) => {
      const { x, y } = graph.node(id) as Point;
      return [id, { x: x - NODE.width / 2, y: y - NODE.height / 2, ...NODE }] as const;
    }),
    edges: edges.map(([from, to]) => {
      const { points } = graph.edge(from, to) as { readonly points: readonly Point[] };
      return { from, to, points };
    }),
  };
}

/** The smallest box round some others, with a margin. */
function around(boxes: readonly Box[]): Box {
  const x = Math.min(...boxes.map((box) => box.x)) - GROUP.side;
  const y = Math.min(...boxes.map((box) => box.y)) - GROUP.head;
  const right = Math.max(...boxes.map((box) => box.x + box.width)) + GROUP.side;
  const bottom = Math.max(...boxes.map((box) => box.y + box.height)) + GROUP.side;
  return { x, y, width: right - x, height: bottom - y };
}

/** From the end of one section to the start of the next: straight down, or like a line break. */
const LINKS: Readonly<Record<Direction, (from: Box, to: Box, turn: number) => readonly Point[]>> = {
  LR(from, to, turn) {
    const [y0, y1] = [from.y + from.height / 2, to.y + to.height / 2];
    const [x0, x1] = [from.x + from.width, to.x];
    return [
      { x: x0, y: y0 },
      { x: x0 + LANE, y: y0 },
      { x: x0 + LANE, y: turn },
      { x: x1 - LANE, y: turn },
      { x: x1 - LANE, y: y1 },
      { x: x1, y: y1 },
    ];
  },
  TB(from, to, turn) {
    const [x0, x1] = [from.x + from.width / 2, to.x + to.width / 2];
    return [
      { x: x0, y: from.y + from.height },
      { x: x0, y: turn },
      { x: x1, y: turn },
      { x: x1, y: to.y },
    ];
  },
};

export function placed({ sections, edges }: Drawing, direction: Direction): Placed {
  const home = new Map(sections.flatMap(({ nodes }, i) => nodes.map(({ id }) => [id, i] as const)));
  const parts = sections.map((section, i) =>
    partOf(
      section,
      edges.filter(([from, to]) => home.get(from) === i && home.get(to) === i),
      direction,
    ),
  );
  const inner = Math.max(...parts.map(({ width }) => width));
  const boxes = new Map<string, Box>();
  const frames: { section: Section; box: Box }[] = [];
  const drawn: Placed['edges'][number][] = [];
  let top = 0;
  for (const [i, section] of sections.entries()) {
    const part = parts[i] as Part;
    const head = PAD.head + (section.groups.length > 0 ? GROUP.head - 6 : 0);
    const left = PAD.side + (direction === 'TB' ? (inner - part.width) / 2 : 0);
    const move = <P extends Point>(point: P): P => ({ ...point, x: point.x + left, y: point.y + top + head });
    for (const [id, box] of part.boxes) boxes.set(id, move(box));
    drawn.push(...part.edges.map(({ points, ...edge }) => ({ ...edge, points: points.map(move) })));
    const height = head + part.height + PAD.foot;
    frames.push({ section, box: { x: 0, y: top, width: inner + 2 * PAD.side, height } });
    top += height + GAP;
  }
  for (const [from, to] of edges) {
    const [end, start] = [boxes.get(from), boxes.get(to)];
    const below = frames[home.get(to) ?? 0];
    if (home.get(from) === home.get(to) || end === undefined || start === undefined || below === undefined)
      continue;
    drawn.push({ from, to, points: LINKS[direction](end, start, below.box.y - GAP / 2) });
  }
  return {
    width: inner + 2 * PAD.side,
    height: top - GAP,
    frames,
    groups: sections.flatMap(({ groups }) =>
      groups.map(({ title, members }) => ({
        title,
        box: around(members.flatMap((id) => boxes.get(id) ?? [])),
      })),
    ),
    boxes,
    edges: drawn,
  };
}

/** An SVG path along some points, its corners rounded by at most a radius. */
export function pathAlong(points: readonly Point[], radius: number): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const steps = rest.map((point, i) => {
    const [before, after] = [points[i] as Point, rest[i + 1]];
    if (after === undefined) return `L${point.x} ${point.y}`;
    const towards = (end: Point): Point => {
      const length = Math.hypot(end.x - point.x, end.y - point.y);
      const share = length === 0 ? 0 : Math.min(radius, length / 2) / length;
      return { x: point.x + (end.x - point.x) * share, y: point.y + (end.y - point.y) * share };
    };
    const [enter, leave] = [towards(before), towards(after)];
    return `L${enter.x} ${enter.y}Q${point.x} ${point.y} ${leave.x} ${leave.y}`;
  });
  return `M${first.x} ${first.y}${steps.join('')}`;
}
