// The network drawn: one tab stop, arrow keys go from node to node, and what is under the cursor is told below.

import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { useWidth } from '../plot/useCanvas.ts';
import { count } from '../ui/format.ts';
import { Check, classes } from '../ui/ui.tsx';
import styles from './diagram.module.css';
import { type DrawnNode, drawingOf, type Drawing, type Level } from './drawing.ts';
import { type Architecture, shapeLabel } from './labels.ts';
import { type Box, type Direction, pathAlong, placed, type Placed } from './layout.ts';
import { Legend } from './legend.tsx';
import { Listing } from './listing.tsx';

/** Pixels below which sections run downwards, not across. */
const NARROW = 760;
/** Of its natural size, before it scrolls: smaller writing is hard to read. */
const SMALLEST = 0.86;

const STEPS: Readonly<Record<string, (at: number, length: number) => number>> = {
  ArrowRight: (at, length) => Math.min(length - 1, at + 1),
  ArrowDown: (at, length) => Math.min(length - 1, at + 1),
  ArrowLeft: (at) => Math.max(0, at - 1),
  ArrowUp: (at) => Math.max(0, at - 1),
  Home: () => 0,
  End: (_, length) => length - 1,
};

const costs = ({ macs, params }: Pick<DrawnNode, 'macs' | 'params'>): string =>
  `${count(macs)} MACs, ${count(params)} params`;

function tellOf(node: DrawnNode, { edges }: Drawing): string {
  const reads = edges.filter(([, to]) => to === node.id).map(([from]) => from);
  return [
    `${node.id}: ${node.title}`,
    `output ${shapeLabel(node.shape)}`,
    costs(node),
    ...(reads.length === 0 ? [] : [`reads ${reads.join(', ')}`]),
    ...(node.loose ? ['loose end: part of the cell’s output'] : []),
  ].join(' · ');
}

function Node(props: {
  readonly node: DrawnNode;
  readonly box: Box;
  readonly label: string;
  readonly active: boolean;
  readonly reachable: boolean;
  readonly onActive: (active: boolean) => void;
}) {
  const { node, box, active } = props;
  const middle = box.x + box.width / 2;
  return (
    <g
      role="img"
      aria-label={props.label}
      data-node={node.id}
      tabIndex={props.reachable ? 0 : -1}
      className={classes(styles['node'], styles[node.kind], active && styles['active'])}
      onFocus={() => props.onActive(true)}
      onMouseEnter={() => props.onActive(true)}
    >
      <rect {...box} rx={7} />
      {node.loose && <circle className={styles['loose']} cx={box.x + box.width} cy={box.y} r={5.5} />}
      <text x={middle} y={box.y + 18} className={styles['title']}>
        {node.title}
      </text>
      <text x={middle} y={box.y + 34} className={styles['small']}>
        {shapeLabel(node.shape)}
        {node.macs > 0 && ` · ${count(node.macs)}`}
      </text>
    </g>
  );
}

function Frames({ frames, groups }: Pick<Placed, 'frames' | 'groups'>) {
  return (
    <>
      {frames.map(({ section, box }) => (
        <g key={section.id} className={styles['frame']}>
          <rect {...box} rx={10} />
        </g>
      ))}
      {groups.map(({ title, box }) => (
        <g key={`${title} ${box.y}`} className={styles['group']}>
          <rect {...box} rx={8} />
          <text x={box.x + 8} y={box.y + 13}>
            {title}
          </text>
        </g>
      ))}
    </>
  );
}

function Titles({ frames }: Pick<Placed, 'frames'>) {
  return frames.map(({ section, box }) => (
    <g key={section.id} className={styles['frame']}>
      <text x={box.x + 26} y={box.y + 21}>
        <tspan className={styles['name']}>{section.title}</tspan>
        <tspan dx={10}>{costs(section)}</tspan>
      </text>
    </g>
  ));
}

export default function Diagram({ architecture }: { readonly architecture: Architecture }) {
  const [level, setLevel] = useState<Level>('cells');
  const [active, setActive] = useState<string | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const arrow = useId();
  const drawing = useMemo(() => drawingOf(architecture, level), [architecture, level]);
  const direction: Direction = level === 'operations' || width < NARROW ? 'TB' : 'LR';
  const layout = useMemo(() => placed(drawing, direction), [drawing, direction]);
  const scale = Math.min(1, Math.max(SMALLEST, width / (layout.width + 2)));
  const nodes = useMemo(() => drawing.sections.flatMap((section) => section.nodes), [drawing]);
  const shown = nodes.find(({ id }) => id === active);
  const reachable = shown?.id ?? nodes[0]?.id;

  // Of rows the beginning says most, of what runs down the middle.
  useEffect(() => {
    const { current } = box;
    if (current === null) return;
    current.scrollLeft = direction === 'LR' ? 0 : (current.scrollWidth - current.clientWidth) / 2;
  }, [layout, direction, width]);

  const press = (event: KeyboardEvent<SVGSVGElement>): void => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next =
      nodes[
        step(
          Math.max(
            0,
            nodes.findIndex(({ id }) => id === active),
          ),
          nodes.length,
        )
      ];
    if (next === undefined) return;
    event.currentTarget.querySelector<SVGGElement>(`[data-node="${CSS.escape(next.id)}"]`)?.focus();
  };
  return (
    <>
      <div className={styles['tools']}>
        <Check
          label="Every operation"
          checked={level === 'operations'}
          onChange={(on) => setLevel(on ? 'operations' : 'cells')}
        />
        <Legend />
      </div>
      <div ref={box} className={styles['scroll']}>
        {width > 0 && (
          <svg
            width={scale * (layout.width + 2)}
            height={scale * (layout.height + 2)}
            viewBox={`-1 -1 ${layout.width + 2} ${layout.height + 2}`}
            role="group"
            aria-label={`The network: ${nodes.length} nodes in ${drawing.sections.length} sections. Arrow keys go from node to node.`}
            onKeyDown={press}
            onMouseLeave={() => setActive(null)}
          >
            <defs>
              <marker
                id={arrow}
                viewBox="0 0 8 8"
                refX="7"
                refY="4"
                markerWidth="7"
                markerHeight="7"
                orient="auto-start-reverse"
              >
                <path d="M0 0.5L8 4L0 7.5Z" className={styles['head']} />
              </marker>
            </defs>
            <Frames frames={layout.frames} groups={layout.groups} />
            {layout.edges.map(({ from, to, points }) => (
              <path
                key={`${from} ${to}`}
                d={pathAlong(points, 14)}
                className={classes(styles['edge'], (from === active || to === active) && styles['lit'])}
                markerEnd={`url(#${arrow})`}
              />
            ))}
            <Titles frames={layout.frames} />
            {nodes.map((node) => {
              const place = layout.boxes.get(node.id);
              if (place === undefined) return null;
              return (
                <Node
                  key={node.id}
                  node={node}
                  box={place}
                  label={tellOf(node, drawing)}
                  active={node.id === active}
                  reachable={node.id === reachable}
                  onActive={(on) => setActive(on ? node.id : null)}
                />
              );
            })}
          </svg>
        )}
      </div>
      <p className={styles['told']}>
        {shown === undefined
          ? 'Point at a node, or go through them with the arrow keys, to read what it does.'
          : tellOf(shown, drawing)}
      </p>
      <Listing drawing={drawing} />
    </>
  );
}
