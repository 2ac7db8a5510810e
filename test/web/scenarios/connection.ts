// A connection that is lost while a search runs: the page says so, and nothing is missing or doubled afterwards.

import type { Page } from 'playwright-core';
import { fact, plot, status, tellsEvents } from '../browser/read.ts';
import type { Open, Stage } from '../browser/stage.ts';
import {
  openTestService,
  SMALL,
  SMALL_EVALUATIONS,
  startSearch,
  type TestService,
} from '../../support/service.ts';

/** Running, each evaluation, each generation, completed. */
const ALL_EVENTS = 1 + SMALL_EVALUATIONS + (SMALL.generations + 1) + 1;

type Loss = (stage: Stage<TestService>) => Promise<() => Promise<void> | void>;

/** How it is lost, and what brings it back. */
const LOSSES: readonly (readonly [how: string, loss: Loss])[] = [
  [
    'breaks, and none can be made for a while',
    async ({ network }) => {
      network.fail();
      await network.refused();
      return network.restore;
    },
  ],
  ['ends with the service, which is started again', ({ stop }) => stop()],
];

const isLost = (page: Page): Promise<void> =>
  page.getByRole('status').getByText('The connection to the service is lost.').waitFor();

export function connection(open: Open): void {
  test.each(LOSSES)('that %s', async (_, lose) => {
    const stage = await open(openTestService({ permits: 10 }));
    const { page, served } = stage;
    const id = await startSearch(stage);
    const told = tellsEvents(page);
    await stage.visit(`/searches/${id}`);
    await fact(page, 'Scored', '10 of 32');
    await fact(page, 'Connection', 'live');

    const restore = await lose(stage);
    await isLost(page);
    await stage.picture('connection-lost');
    // What happens meanwhile is told later.
    served.permits.grant(9);
    await restore();
    await fact(page, 'Scored', '19 of 32');
    await fact(page, 'Connection', 'live');
    expect(await page.getByText('The connection to the service is lost.').count()).toBe(0);

    served.permits.grant(Infinity);
    await status(page, 'completed');
    await fact(page, 'Scored', '32 of 32');
    const { data } = await stage.ask('query ($id: ID!) { search(id: $id) { individuals { totalCount } } }', {
      id,
    });
    expect(data.search.individuals.totalCount).toBe(SMALL_EVALUATIONS);
    expect(told).toEqual(Array.from({ length: ALL_EVENTS }, (_, i) => i + 1));
    await page.getByRole('combobox', { name: 'Show' }).selectOption('everything scored');
    await page.getByText(`${SMALL_EVALUATIONS} rows`).waitFor();
  });

  test('that nobody closes but on which nothing comes any more', async () => {
    const stage = await open(openTestService({ permits: 10 }));
    const { page, network, served } = stage;
    await page.clock.install();
    const id = await startSearch(stage);
    await stage.visit(`/searches/${id}`);
    await fact(page, 'Scored', '10 of 32');
    network.freeze();
    served.permits.grant(9);
    // Twice as long as between two signs of life.
    for (let i = 0; i < 4; i++) await page.clock.runFor(10_000);
    await fact(page, 'Scored', '19 of 32');
  });

  test('before there is a page: the plot is complete when it is opened late', async () => {
    const stage = await open(openTestService());
    const id = await startSearch(stage);
    await stage.visit(`/searches/${id}`);
    await fact(stage.page, 'Connection', 'complete');
    await stage.page.getByLabel('infeasible', { exact: true }).check();
    expect(await plot(stage.page).getAttribute('aria-label')).toMatch(/: \d+ points/);
  });

  test('a computer that is offline is told so', async () => {
    const { page, visit } = await open(openTestService());
    await visit('/');
    await page.context().setOffline(true);
    await page.getByText('This computer is offline').waitFor();
    await page.context().setOffline(false);
    await page.getByText('This computer is offline').waitFor({ state: 'detached' });
  });
}
