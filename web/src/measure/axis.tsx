// An axis of a plot of two quantities: which, and by which scale. Both are kept in the address.

import type { ReactNode } from 'react';
import type { ScaleKind } from '../plot/scale.ts';
import { useParameter } from '../ui/address.ts';
import { Choice, styles as ui } from '../ui/ui.tsx';
import type { Quantity } from './quantity.ts';

const SCALES = [
  ['linear', 'linear'],
  ['log', 'log'],
] as const;

export interface AxisOf<T> {
  readonly quantity: Quantity<T>;
  readonly kind: ScaleKind;
  readonly controls: ReactNode;
}

/** `things`: what is plotted; one that is not positive leaves no choice but the linear scale. */
export function useAxis<T>(
  name: 'x' | 'y',
  quantities: readonly Quantity<T>[],
  usual: Quantity<T>,
  things: readonly T[],
): AxisOf<T> {
  const [key, setKey] = useParameter(name, usual.key);
  const [scale, setScale] = useParameter(`${name}Scale`, 'linear');
  const quantity = quantities.find((one) => one.key === key) ?? usual;
  const isPositive = things.every((thing) => (quantity.of(thing) ?? 1) > 0);
  const kind: ScaleKind = scale === 'log' && isPositive ? 'log' : 'linear';
  const controls = (
    <span className={ui['axis']}>
      <Choice
        label={name}
        value={quantity.key}
        options={quantities.map((one) => [one.key, one.label])}
        onChange={setKey}
      />
      {isPositive && <Choice label={`${name} scale`} value={kind} options={SCALES} onChange={setScale} />}
    </span>
  );
  return { quantity, kind, controls };
}
