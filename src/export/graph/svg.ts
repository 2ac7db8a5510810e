// A network as a picture: one file that needs nothing else, in black on white with one colour for what is learned
// and one for what halves, for a paper or a page.

import { macs, params } from '../../search/network.ts';
import { factsAsText, modelTitle, weightsInWords } from '../facts.ts';
import type { ExportedFile, Subject } from '../subject.ts';
import { type Box, drawingOf } from './drawing.ts';
import { countLabel, type Kind, shapeLabel } from './labels.ts';
import { FRAME, placed, type Placed, type Point, type Rectangle } from './layout.ts';

const INK = '#15211e';
const FAINT = '#52625d';
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif";

export const PAINT: Readonly<
  Record<Kind, { readonly fill: string; readonly line: string; readonly says: string }>
> = {
  conv: { fill: '#dff1ee', line: '#3f9b92', says: 'learned' },
  pool: { fill: '#fbf0d9', line: '#c08a2d', says: 'pooling' },
  data: { fill: '#ffffff', line: '#52625d', says: 'data' },
  pass: { fill: '#ffffff', line: '#a3b0ac', says: 'no weights' },
};

const STYLE = `
text { font-family: ${FONT}; fill: ${INK}; }
.h { font-size: 21px; font-weight: 650; }
.s { font-size: 13px; fill: ${FAINT}; }
.f { fill: #f7f9f8; stroke: #dbe1de; }
.ft { font-size: 14px; font-weight: 650; }
.g { fill: none; stroke: #9fb0aa; stroke-dasharray: 2 4; stroke-linecap: round; }
.gt { font-size: 11px; fill: ${FAINT}; }
.t { font-size: 12.5px; font-weight: 600; text-anchor: middle; }
.n { font-size: 11px; fill: ${FAINT}; text-anchor: middle; }
.e { fill: none; stroke: #6d7f79; stroke-width: 1.3; }
.l { stroke-width: 1.8; }
.k { fill: #6d7f79; }
${Object.entries(PAINT)
  .map(([kind, { fill, line }]) => `.${kind} { fill: ${fill}; stroke: ${line}; stroke-width: 1.3; }`)
  .join('\n')}
.pass { stroke-dasharray: 4 3; }
`.trim();

const PAGE = { side: 28, head: 104, foot: 54 } as const;

const round = (value: number): number => Math.round(value * 10) / 10;
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const rectangle = ({ x, y, width, height }: Rectangle, radius: number, kind: string): string =>
  `<rect class="${kind}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="${radius}"/>`;

const text = (kind: string, x: number, y: number, content: string, more = ''): string =>
  `<text class="${kind}" x="${round(x)}" y="${round(y)}"${more}>${escaped(content)}</text>`;

/** Through the points with level tangents, as what flows from left to right. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points as readonly [Point, ...Point[]];
  let { x, y } = first;
  const steps = rest.map((to) => {
    const middle = round((x + to.x) / 2);
    const step = `C${middle} ${round(y)} ${middle} ${round(to.y)} ${round(to.x)} ${round(to.y)}`;
    ({ x, y } = to);
    return step;
  });
  return `M${round(first.x)} ${round(first.y)}${steps.join('')}`;
}

const CORNER = 10;

/** Straight, with round corners. */
function polyline(points: readonly Point[]): string {
  const steps = points.map((point, i) => {
    const [before, after] = [points[i - 1], points[i + 1]];
    if (before === undefined) return `M${round(point.x)} ${round(point.y)}`;
    if (after === undefined) return `L${round(point.x)} ${round(point.y)}`;
    const towards = (end: Point): string => {
      const length = Math.hypot(end.x - point.x, end.y - point.y);
      const share = length === 0 ? 0 : Math.min(CORNER, length / 2) / length;
      return `${round(point.x + (end.x - point.x) * share)} ${round(point.y + (end.y - point.y) * share)}`;
    };
    return `L${towards(before)}Q${round(point.x)} ${round(point.y)} ${towards(after)}`;
  });
  return steps.join('');
}

const costs = ({ params, macs }: Pick<Box, 'params' | 'macs'>): string =>
  `${countLabel(params)} params · ${countLabel(macs)} MACs`;

function box(one: Box, at: Rectangle): string {
  const middle = at.x + at.width / 2;
  const small = [shapeLabel(one.shape), ...(one.params > 0 ? [countLabel(one.params)] : [])].join(' · ');
  return [
    `<g id="${escaped(one.id)}"><title>${escaped(`${one.id}: ${one.title}, ${costs(one)}`)}</title>`,
    rectangle(at, 7, one.kind),
    text('t', middle, at.y + 19, one.title.replace('  ', '\u2002')),
    text('n', middle, at.y + 34, small),
    '</g>',
  ].join('');
}

function frames({ frames, groups }: Placed): readonly string[] {
  return [
    ...frames.map(({ at }) => rectangle(at, 12, 'f')),
    ...groups.flatMap(({ group, at }) => [
      rectangle(at, 9, 'g'),
      text('gt', at.x + 9, at.y + 15, group.title),
    ]),
    ...frames.flatMap(({ section: { title, boxes }, at }) => {
      const total = boxes.reduce(
        (sum, one) => ({ params: sum.params + one.params, macs: sum.macs + one.macs }),
        { params: 0, macs: 0 },
      );
      return [
        text('ft', at.x + FRAME.side, at.y + 26, title),
        text('s', at.x + at.width - FRAME.side, at.y + 26, costs(total), ' text-anchor="end"'),
      ];
    }),
  ];
}

function legend(y: number, used: ReadonlySet<Kind>): readonly string[] {
  const kinds = (Object.keys(PAINT) as Kind[]).filter((kind) => used.has(kind));
  return [
    ...kinds.flatMap((kind, i) => [
      rectangle({ x: i * 108, y, width: 20, height: 13 }, 3, kind),
      text('s', i * 108 + 27, y + 11, PAINT[kind].says),
    ]),
    text('s', kinds.length * 108 + 18, y + 11, 'in a box: height×width×channels of its output · parameters'),
  ];
}

function heading(subject: Subject): readonly string[] {
  const { model, network, input, classes } = subject;
  const told = [
    `${input[0]}×${input[1]} px, ${input[2]} channel${input[2] === 1 ? '' : 's'}, to ${classes} class${classes === 1 ? '' : 'es'}`,
    `${model.initChannels} initial channels`,
    `${countLabel(params(network))} params`,
    `${countLabel(macs(network))} MACs`,
    `weights: ${weightsInWords(subject)}`,
  ];
  const genes =
    model.kind === 'architecture'
      ? `genotype ${network.blocks
          .map((_, i) => {
            const length = model.genotype.length / network.blocks.length;
            return model.genotype.slice(i * length, (i + 1) * length).join(' ');
          })
          .join('  |  ')}`
      : null;
  return [
    text('h', 0, 22, modelTitle(model)),
    text('s', 0, 46, told.join('  ·  ')),
    ...(genes === null ? [] : [text('s', 0, 67, genes)]),
  ];
}

export function writeSvg(subject: Subject): readonly ExportedFile[] {
  const drawing = drawingOf(subject.network);
  const layout = placed(drawing);
  const width = round(layout.width + 2 * PAGE.side);
  const height = round(layout.height + PAGE.head + PAGE.foot);
  const boxes = drawing.sections.flatMap((section) => section.boxes);
  const title = `The network ${modelTitle(subject.model)}`;
  const description = Object.entries(factsAsText(subject))
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
  const content = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    `<desc>${escaped(description)}</desc>`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" markerUnits="userSpaceOnUse"><path d="M0 0.6L8 4L0 7.4Z" fill="#6d7f79"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<g transform="translate(${PAGE.side} 26)">`,
    ...heading(subject),
    '</g>',
    `<g transform="translate(${PAGE.side} ${PAGE.head})">`,
    ...frames(layout),
    ...layout.edges.map(
      ({ points, isLink }) =>
        `<path class="e${isLink ? ' l' : ''}" d="${isLink ? polyline(points) : curve(points)}" marker-end="url(#arrow)"/>`,
    ),
    ...layout.forks.map((fork) => rectangle(fork, fork.height / 2, 'k')),
    ...boxes.map((one) => box(one, layout.boxes.get(one.id) as Rectangle)),
    ...legend(layout.height + 20, new Set(boxes.map(({ kind }) => kind))),
    '</g>',
    '</svg>',
  ];
  return [{ name: `${subject.name}.svg`, content: `${content.join('\n')}\n`, mediaType: 'image/svg+xml' }];
}
