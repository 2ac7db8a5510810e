// Black or white: what can be read on a colour.

/** Channels of #rrggbb and rgb(r g b), 0 to 255; null: written otherwise. */
function channelsOf(colour: string): readonly number[] | null {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (hex !== null) return hex.slice(1).map((part) => Number.parseInt(part, 16));
  const rgb = /^rgb\(\s*([\d.]+)[ ,]+([\d.]+)[ ,]+([\d.]+)\s*\)$/.exec(colour);
  return rgb === null ? null : rgb.slice(1).map(Number);
}

/** Relative luminance as WCAG 2 has it, 0 to 1. */
function luminance(channels: readonly number[]): number {
  const [r = 0, g = 0, b = 0] = channels.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The one with more contrast, 4.5 at least; null where the colour cannot be told. */
export function inkOn(colour: string): 'black' | 'white' | null {
  const channels = channelsOf(colour);
  if (channels === null) return null;
  const light = luminance(channels) + 0.05;
  return light / 0.05 >= 1.05 / light ? 'black' : 'white';
}
