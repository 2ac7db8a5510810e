// Scenarios of the dashboard in a real browser, before the real service over a network that can fail.

import type { Browser } from 'playwright-core';
import { NO_BROWSER, type Open, openBrowser, openStage, type Stage } from './browser/stage.ts';
import { connection } from './scenarios/connection.ts';
import { controlling } from './scenarios/controlling.ts';
import { finding } from './scenarios/finding.ts';
import { looking } from './scenarios/looking.ts';
import { outage } from './scenarios/outage.ts';
import { pace } from './scenarios/pace.ts';
import { selecting } from './scenarios/selecting.ts';
import { starting } from './scenarios/starting.ts';
import { training } from './scenarios/training.ts';
import { workers } from './scenarios/workers.ts';

const SCENARIOS = {
  finding,
  starting,
  connection,
  outage,
  controlling,
  selecting,
  training,
  workers,
  looking,
  pace,
} as const;

const scenario = NO_BROWSER === null ? describe : describe.skip;
if (NO_BROWSER !== null) console.warn(`The dashboard is not tested in a browser: ${NO_BROWSER}.`);

scenario(`in a browser${NO_BROWSER === null ? '' : ` (skipped: ${NO_BROWSER})`}`, () => {
  let browser: Browser;
  let stages: Pick<Stage, 'close'>[] = [];
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    const complaints = await Promise.all(stages.map((stage) => stage.close()));
    stages = [];
    if (complaints.flat().length > 0) throw new Error(`the page complains: ${complaints.flat().join('; ')}`);
  });
  const open: Open = async (served, options) => {
    const stage = await openStage(browser, await served, options);
    stages.push(stage);
    return stage;
  };
  describe.each(Object.entries(SCENARIOS))('%s', (_, scenarios) => {
    scenarios(open);
  });
});
