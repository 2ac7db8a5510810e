// The paper's search, 1,640 architectures, watched as it runs and told again afterwards: the page keeps up, and
// shows every one.

import { fact, tellsEvents } from '../browser/read.ts';
import { openRealService } from '../browser/real.ts';
import { watchScripts } from '../browser/scriptTime.ts';
import type { Open } from '../browser/stage.ts';
import { startSearch } from '../../support/service.ts';

const SETTINGS = { initChannels: 4, batchSize: 16, blocks: 2, seed: 1 };
const EVALUATIONS = 1640;
/** Running, each evaluation, each of 41 generations, completed. */
const ALL_EVENTS = 1 + EVALUATIONS + 41 + 1;

/** Of the milliseconds of script in each frame. */
function figuresOf(script: readonly number[]): string {
  const at = (share: number): string => (script[Math.floor(share * (script.length - 1))] ?? 0).toFixed(1);
  const late = script.filter((ms) => ms > 16).length;
  return `median ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)} ms, over 16 ms ${late} of ${script.length}`;
}

export function pace(open: Open): void {
  test('a search of 1,640 is watched', async () => {
    const stage = await open(openRealService());
    const { page } = stage;
    page.setDefaultTimeout(90_000);
    const told = tellsEvents(page);
    await stage.visit('/');
    const id = await startSearch(stage, SETTINGS);
    await stage.visit(`/searches/${id}`);
    // What follows is of events that arrive, not of the page's own beginning.
    await fact(page, 'Connection', 'live');
    const ways: Record<string, () => Promise<unknown>> = {
      live: () => Promise.resolve(),
      'told again': () => page.reload(),
    };
    for (const [way, act] of Object.entries(ways)) {
      const watched = await watchScripts(page);
      await act();
      await fact(page, 'Connection', 'complete');
      await fact(page, 'Scored', '1,640 of 1,640');
      const { clock, processor } = await watched();
      console.info(`script a frame, ${way}, by the processor: ${figuresOf(processor)}`);
      console.info(`script a frame, ${way}, by the clock: ${figuresOf(clock)}`);
    }
    const once = Array.from({ length: ALL_EVENTS }, (_, i) => i + 1);
    expect(told).toEqual([...once, ...once]);
    await page.getByRole('combobox', { name: 'Show' }).selectOption('everything scored');
    await page.getByText('1640 rows').waitFor();
    await stage.picture('pace');
  });
}
