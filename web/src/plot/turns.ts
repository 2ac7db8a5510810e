// Canvases are drawn in turn, one a frame: when a generation is finished there is news for half a dozen of them,
// and together they would hold the page for longer than a frame lasts.

const waiting = new Set<() => void>();
let frame = 0;

function next(): void {
  frame = 0;
  const [draw] = waiting;
  if (draw === undefined) return;
  waiting.delete(draw);
  if (waiting.size > 0) frame = requestAnimationFrame(next);
  draw();
}

/** Draws in a frame to come, unless what is returned is called before. */
export function inTurn(draw: () => void): () => void {
  waiting.add(draw);
  frame ||= requestAnimationFrame(next);
  return () => void waiting.delete(draw);
}
