// Where a drawing goes on the page. Each section is laid out by itself from left to right (dagre: Gansner et al.
// 1993's ranks), and sections stand one below the other like lines of text, so that a network of any depth is no
// wider than its widest block.

import { Graph, layout } from '@dagrejs/dagre';
import type { Drawing, Group, Section } from './drawing.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** x, y: the upper left corner. */
export interface Rectangle extends Point {
  readonly width: number;
  readonly height: number;
}

export interface Placed {
  readonly width: number;
  readonly height: number;
  readonly frames: readonly { readonly section: Section; readonly at: Rectangle }[];
  readonly groups: readonly { readonly group: Group; readonly at: Rectangle }[];
  /** Where what comes into a section parts ways. */
  readonly forks: readonly Rectangle[];
  /** By id. */
  readonly boxes: ReadonlyMap<string, Rectangle>;
  /** Within a section along these points; from one section to the next, straight lines with corners. */
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly isLink: boolean;
    readonly points: readonly Point[];
  }[];
}

const BOX_HEIGHT = 44;
/** Of a title's letter, and round it. */
const LETTER = 6.7;
const MARGIN = 26;
const NARROWEST = 124;
export const FRAME = { side: 38, head: 42, foot: 22 } as const;
const GROUP = { side: 11, head: 24 } as const;
/** Between frames, where links run. */
const GAP = 30;
/** From a box to the link that turns beside it. */
const LANE = 20;
/** Side of the point where what comes in parts ways. */
const FORK = 7;

type Edge = Drawing['edges'][number];
type Part = Pick<Placed, 'width' | 'height' | 'boxes' | 'edges' | 'groups'>;

const forkOf = ({ id }: Section): string => `${id} in`;

function around(group: Group, boxes: ReadonlyMap<string, Rectangle>): Rectangle {
  const inside = group.members.flatMap((id) => boxes.get(id) ?? []);
  const x = Math.min(...inside.map((box) => box.x)) - GROUP.side;
  const y = Math.min(...inside.map((box) => box.y)) - GROUP.head;
  const right = Math.max(...inside.map((box) => box.x + box.width)) + GROUP.side;
  const bottom = Math.max(...inside.map((box) => box.y + box.height)) + GROUP.side;
  return { x, y, width: right - x, height: bottom - y };
}

/** One section, its upper left corner at 0, 0; sizes by node. */
function partOf(
  groups: readonly Group[],
  sizes: ReadonlyMap<string, Pick<Rectangle, 'width' | 'height'>>,
  edges: readonly Edge[],
): Part {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 40, edgesep: 12 });
  for (const [id, size] of sizes) graph.setNode(id, { ...size });
  for (const [from, to] of edges) graph.setEdge(from, to, {});
  // A walk in depth has few crossings in cells, and keeps their order; dagre starts from it, and would only
  // shuffle what is as good.
  layout(graph, { disableOptimalOrderHeuristic: true });
  const { width = 0, height = 0 } = graph.graph() as { readonly width?: number; readonly height?: number };
  const placed = new Map(
    [...sizes].map(([id, size]) => {
      const { x, y } = graph.node(id) as Point;
      return [id, { x: x - size.width / 2, y: y - size.height / 2, ...size }] as const;
    }),
  );
  return {
    width,
    height,
    boxes: placed,
    groups: groups.map((group) => ({ group, at: around(group, placed) })),
    edges: edges.map(([from, to]) => {
      const [start, end] = [placed.get(from) as Rectangle, placed.get(to) as Rectangle];
      const { points } = graph.edge(from, to) as { readonly points: readonly Point[] };
      // Ends in the middle of sides; between them, the points that lead round other boxes.
      const between = points.slice(1, -1).filter(({ x }) => x > start.x + start.width && x < end.x);
      return {
        from,
        to,
        isLink: false,
        points: [
          { x: start.x + start.width, y: start.y + start.height / 2 },
          ...(points.length > 3 ? between : []),
          { x: end.x, y: end.y + end.height / 2 },
        ],
      };
    }),
  };
}

const moved = <P extends Point>(point: P, dx: number, dy: number): P => ({
  ...point,
  x: point.x + dx,
  y: point.y + dy,
});

/** From the end of one section to the start of the next, like a line break. */
function link(from: Rectangle, to: Rectangle, turn: number): readonly Point[] {
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
}

/** The drawing's edges, where several lead from one box into a section: to its fork, and from there on. */
function forked({ sections, edges }: Drawing): readonly Edge[] {
  const home = new Map(sections.flatMap((section) => section.boxes.map(({ id }) => [id, section] as const)));
  const comesIn = ([from, to]: Edge): boolean => home.get(from) !== home.get(to);
  const links = new Map<string, Edge>();
  const inner = edges.map((edge): Edge => {
    const [from, to] = edge;
    const section = home.get(to);
    const siblings = edges.filter((other) => comesIn(other) && home.get(other[1]) === section);
    if (section === undefined || !comesIn(edge) || siblings.length < 2) return edge;
    links.set(section.id, [from, forkOf(section)]);
    return [forkOf(section), to];
  });
  return [...links.values(), ...inner];
}

export function placed(drawing: Drawing): Placed {
  const { sections } = drawing;
  const edges = forked(drawing);
  const longest = Math.max(...sections.flatMap(({ boxes }) => boxes.map(({ title }) => title.length)));
  const size = { width: Math.max(NARROWEST, longest * LETTER + MARGIN), height: BOX_HEIGHT };
  const members = sections.map((section) => {
    const hasFork = edges.some(([, to]) => to === forkOf(section));
    return new Map([
      ...(hasFork ? [[forkOf(section), { width: FORK, height: FORK }] as const] : []),
      ...section.boxes.map(({ id }) => [id, size] as const),
    ]);
  });
  const parts = sections.map(({ groups }, i) => {
    const own = members[i] as Map<string, typeof size>;
    return partOf(
      groups,
      own,
      edges.filter(([from, to]) => own.has(from) && own.has(to)),
    );
  });
  const inner = Math.max(...parts.map(({ width }) => width));
  const nodes = new Map<string, Rectangle>();
  const groups: Placed['groups'][number][] = [];
  const frames: Placed['frames'][number][] = [];
  const drawn: Placed['edges'][number][] = [];
  let top = 0;
  sections.forEach((section, i) => {
    const part = parts[i] as Part;
    const highest = Math.min(0, ...part.groups.map(({ at }) => at.y));
    const lowest = Math.max(part.height, ...part.groups.map(({ at }) => at.y + at.height));
    const [dx, dy] = [FRAME.side, top + FRAME.head - highest];
    for (const [id, node] of part.boxes) nodes.set(id, moved(node, dx, dy));
    groups.push(...part.groups.map(({ group, at }) => ({ group, at: moved(at, dx, dy) })));
    drawn.push(
      ...part.edges.map((edge) => ({ ...edge, points: edge.points.map((point) => moved(point, dx, dy)) })),
    );
    const height = FRAME.head + lowest - highest + FRAME.foot;
    frames.push({ section, at: { x: 0, y: top, width: inner + 2 * FRAME.side, height } });
    top += height + GAP;
  });
  for (const [from, to] of edges) {
    const into = members.findIndex((own) => own.has(to));
    const [frame, end, start] = [frames[into], nodes.get(from), nodes.get(to)];
    if (members[into]?.has(from) || !frame || !end || !start) continue;
    drawn.push({ from, to, isLink: true, points: link(end, start, frame.at.y - GAP / 2) });
  }
  const forks = sections.flatMap((section) => nodes.get(forkOf(section)) ?? []);
  return {
    width: inner + 2 * FRAME.side,
    height: top - GAP,
    frames,
    groups,
    forks,
    boxes: nodes,
    edges: drawn,
  };
}
