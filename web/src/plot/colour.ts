// Colours of plots, read from the page so that they follow its light or dark look.

/** Generations from first to last, after viridis; legible on light and on dark paper, and to the colour-blind. */
const RAMP = [
  [118, 96, 196],
  [58, 122, 190],
  [33, 145, 140],
  [72, 178, 104],
  [205, 190, 40],
] as const;

/** `share`: 0 the first, 1 the last. */
export function ramp(share: number): string {
  const at = Math.min(1, Math.max(0, share)) * (RAMP.length - 1);
  const i = Math.min(RAMP.length - 2, Math.floor(at));
  const [a, b] = [RAMP[i], RAMP[i + 1]];
  if (a === undefined || b === undefined) return 'gray';
  const mixed = a.map((channel, k) => Math.round(channel + (at - i) * ((b[k] ?? 0) - channel)));
  return `rgb(${mixed.join(' ')})`;
}

/** Series that are told apart by colour, in order; the Okabe-Ito colours that stand on light and dark. */
export const SERIES = ['#0a84c4', '#d55e00', '#00926b', '#b8679b', '#b38600', '#7a6cc9'] as const;
export const seriesColour = (index: number): string => SERIES[index % SERIES.length] ?? 'gray';

export interface Palette {
  readonly ink: string;
  readonly faint: string;
  readonly line: string;
  readonly card: string;
  readonly accent: string;
  readonly bad: string;
}

/** A hidden element resolves light-dark(), which canvases do not know. */
export function paletteOf(element: HTMLElement): Palette {
  const probe = document.createElement('span');
  probe.hidden = true;
  element.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const palette = {
    ink: colour('ink'),
    faint: colour('faint'),
    line: colour('line'),
    card: colour('card'),
    accent: colour('accent'),
    bad: colour('bad'),
  };
  probe.remove();
  return palette;
}
