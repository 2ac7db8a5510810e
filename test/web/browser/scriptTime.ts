// How long scripts hold the page, frame by frame, by Chromium's own trace: as the clock sees it, and as the
// processor does, which other programs on the machine do not lengthen.

import type { Page } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds: begin, length by the clock, length by the thread's own. */
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
}

/** What scripts begin with. */
const SCRIPTS: ReadonlySet<string> = new Set([
  'FunctionCall',
  'EvaluateScript',
  'v8.callFunction',
  'RunMicrotasks',
]);
/** Microseconds of a frame of 60 a second. */
const FRAME = 1e6 / 60;

/** Milliseconds of the frames in which any script ran, ascending. */
export interface ScriptTime {
  readonly clock: readonly number[];
  readonly processor: readonly number[];
}

function scriptTimeOf(events: readonly TraceEvent[]): ScriptTime {
  const calls = events.filter(({ name, ph }) => ph === 'X' && SCRIPTS.has(name));
  const threads = new Map<string, TraceEvent[]>();
  for (const call of calls) {
    const thread = `${call.pid} ${call.tid}`;
    threads.set(thread, threads.get(thread) ?? []);
    threads.get(thread)?.push(call);
  }
  // The page's: the tracer's own scripts and workers run less.
  const [page = []] = [...threads.values()].toSorted((a, b) => b.length - a.length);
  const frames = new Map<number, { clock: number; processor: number }>();
  let end = 0;
  for (const { ts, dur = 0, tdur = dur } of page.toSorted((a, b) => a.ts - b.ts)) {
    // What another script has called is in its time.
    if (ts < end) continue;
    end = ts + dur;
    const at = Math.floor(ts / FRAME);
    const { clock, processor } = frames.get(at) ?? { clock: 0, processor: 0 };
    frames.set(at, { clock: clock + dur / 1000, processor: processor + tdur / 1000 });
  }
  const sorted = (of: 'clock' | 'processor'): readonly number[] =>
    [...frames.values()].map((frame) => frame[of]).toSorted((a, b) => a - b);
  return { clock: sorted('clock'), processor: sorted('processor') };
}

/** Watches the page until what is returned is called. */
export async function watchScripts(page: Page): Promise<() => Promise<ScriptTime>> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  const categories = 'devtools.timeline,v8.execute';
  await session.send('Tracing.start', { categories, transferMode: 'ReportEvents' });
  return async () => {
    const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.end');
    await complete;
    await session.detach();
    return scriptTimeOf(events);
  };
}
