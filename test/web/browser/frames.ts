// How long scripts keep the page busy, task by task, as Chromium's tracing sees it.

import type { CDPSession, Page } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
}

/** Scripts are what these begin. */
const SCRIPTS: ReadonlySet<string> = new Set([
  'FunctionCall',
  'EvaluateScript',
  'v8.callFunction',
  'RunMicrotasks',
]);
/** Milliseconds of a frame of 60 a second. */
const FRAME = 1000 / 60;

export interface Frames {
  /** Milliseconds of script in each frame in which any ran, ascending. */
  readonly script: readonly number[];
}

/** Outermost script calls of the busiest thread, added up by the frame they begin in. */
export function framesOf(events: readonly TraceEvent[]): Frames {
  const calls = events.filter(({ name, ph, dur }) => ph === 'X' && SCRIPTS.has(name) && (dur ?? 0) > 0);
  const threads = new Map<string, TraceEvent[]>();
  for (const call of calls) {
    const key = `${call.pid} ${call.tid}`;
    const before = threads.get(key);
    if (before === undefined) threads.set(key, [call]);
    else before.push(call);
  }
  const busiest = [...threads.values()].toSorted((a, b) => total(b) - total(a))[0] ?? [];
  const byFrame = new Map<number, number>();
  let end = 0;
  for (const { ts, dur = 0 } of busiest.toSorted((a, b) => a.ts - b.ts)) {
    if (ts < end) continue;
    end = ts + dur;
    const frame = Math.floor(ts / 1000 / FRAME);
    byFrame.set(frame, (byFrame.get(frame) ?? 0) + dur / 1000);
  }
  return { script: [...byFrame.values()].toSorted((a, b) => a - b) };
}

const total = (calls: readonly TraceEvent[]): number => calls.reduce((sum, { dur = 0 }) => sum + dur, 0);

/** Watches the page until what is returned is called. */
export async function watchFrames(page: Page): Promise<() => Promise<Frames>> {
  const session: CDPSession = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await session.send('Tracing.start', {
    categories: 'devtools.timeline,v8.execute',
    transferMode: 'ReportEvents',
  });
  return async () => {
    const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
    await session.send('Tracing.end');
    await complete;
    return framesOf(events);
  };
}
