// Where a plan's tensors lie. Buffers are requested while a plan is drawn up, live from the first
// step that writes them to the last that reads them, and are laid out so that those that never live
// together share memory: the peak is known before anything runs.

/** Index of a buffer of a plan. */
export type Buffer = number;

/** Channels of a feature map inside a buffer: rows (pixels of all images) of `channels` floats, `stride` floats apart, from `channel` on. */
export interface View {
  readonly buffer: Buffer;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly channel: number;
  readonly stride: number;
}

interface Life {
  readonly floats: number;
  first: number;
  last: number;
}

export interface Layout {
  /** Offset of each buffer in floats, a multiple of 4 (16 bytes). */
  readonly offsets: readonly number[];
  /** Floats all buffers take together. */
  readonly floats: number;
}

export interface Arena {
  /** A new map of all images, live from step `now`. */
  map(now: number, height: number, width: number, channels: number): View;
  /** Keeps a view's buffer until step `now` has run. */
  keep(view: View, now: number): void;
  layout(): Layout;
}

/** Channels `from` to `from + channels` of a view. */
export const slice = (view: View, from: number, channels: number): View => ({
  ...view,
  channel: view.channel + from,
  channels,
});

export function openArena(images: number): Arena {
  const lives: Life[] = [];
  return {
    map(now, height, width, channels) {
      const floats = images * height * width * channels;
      const buffer = lives.push({ floats, first: now, last: now }) - 1;
      return { buffer, height, width, channels, channel: 0, stride: channels };
    },
    keep({ buffer }, now) {
      const life = lives[buffer] as Life;
      life.last = Math.max(life.last, now);
    },
    layout: () => place(lives),
  };
}

/**
 * Largest first, of equal ones the longest lived, each at the lowest place free for its whole life. No
 * optimum (that is NP-hard), but in cells with five loose ends, which need the most, as good as one: as
 * many floats as live at once.
 */
function place(lives: readonly Life[]): Layout {
  const offsets: number[] = lives.map(() => 0);
  const placed: { readonly from: number; readonly to: number; readonly life: Life }[] = [];
  const sizeOf = (i: number): number => (lives[i] as Life).floats;
  const lifeOf = (i: number): number => (lives[i] as Life).last - (lives[i] as Life).first;
  const order = lives
    .map((_, i) => i)
    .toSorted((a, b) => sizeOf(b) - sizeOf(a) || lifeOf(b) - lifeOf(a) || a - b);
  for (const i of order) {
    const life = lives[i] as Life;
    const size = Math.ceil(life.floats / 4) * 4;
    let from = 0;
    for (const other of placed.toSorted((a, b) => a.from - b.from)) {
      const together = life.first <= other.life.last && other.life.first <= life.last;
      if (together && other.from < from + size && from < other.to) from = other.to;
    }
    offsets[i] = from;
    placed.push({ from, to: from + size, life });
  }
  return { offsets, floats: Math.max(0, ...placed.map(({ to }) => to)) };
}
