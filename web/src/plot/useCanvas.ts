// A canvas as wide as its place, sharp on any screen, drawn anew when its size, its look or what it shows
// changes.

import { type RefObject, useEffect, useRef, useState } from 'react';
import { type Palette, paletteOf } from './colour.ts';
import { inTurn } from './turns.ts';

export interface Surface {
  readonly context: CanvasRenderingContext2D;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly palette: Palette;
}

/** Width in CSS pixels of the element, 0 before it is laid out. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}

/** `draw` must be stable for as long as what it draws is the same (useCallback). */
export function useCanvas(
  width: number,
  height: number,
  draw: (surface: Surface) => void,
): RefObject<HTMLCanvasElement | null> {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [look, setLook] = useState(0);
  const palette = useRef<Palette | null>(null);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const change = (): void => {
      palette.current = null;
      setLook((n) => n + 1);
    };
    dark.addEventListener('change', change);
    return () => dark.removeEventListener('change', change);
  }, []);
  useEffect(() => {
    return inTurn(() => {
      const element = canvas.current;
      const context = element?.getContext('2d') ?? null;
      if (element === null || context === null || width === 0) return;
      const ratio = devicePixelRatio;
      const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (element.width !== w || element.height !== h) [element.width, element.height] = [w, h];
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      palette.current ??= paletteOf(element.parentElement ?? document.body);
      draw({ context, width, height, palette: palette.current });
    });
  }, [width, height, draw, look]);
  return canvas;
}
