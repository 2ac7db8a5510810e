// A service that does not answer: every view says so, and goes on once it does.

import type { Page } from 'playwright-core';
import type { Open } from '../browser/stage.ts';
import { openTestService, startSearch } from '../../support/service.ts';

const says = (page: Page) => page.getByRole('main').getByText('The service does not answer.');

export function outage(open: Open): void {
  test('the list of searches says so while one is at work, and is up to date again by itself', async () => {
    const stage = await open(openTestService({ permits: 10 }));
    const { page, network, served } = stage;
    await startSearch(stage);
    await stage.visit('/');
    await page.getByText('8 of 32').waitFor();
    network.fail();
    await says(page).waitFor();
    await stage.picture('outage');
    served.permits.grant(Infinity);
    network.restore();
    await page.getByText('32 of 32').waitFor();
    await says(page).waitFor({ state: 'detached' });
  });

  test('what was typed into the form stays, and starting it again starts one search', async () => {
    const stage = await open(openTestService());
    const { page, network } = stage;
    await stage.visit('/start');
    await page.getByRole('button', { name: /^Quick/ }).click();
    await page.getByLabel('Init channels', { exact: true }).fill('4');
    network.fail();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('alert').getByText('The service does not answer.').waitFor();
    network.restore();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('heading', { name: 'breastmnist, 4 channels, seed 0' }).waitFor();
    expect((await stage.ask('{ searches { totalCount } }')).data.searches.totalCount).toBe(1);
  });

  test('a view that is asked for meanwhile says so, and is there afterwards', async () => {
    const stage = await open(openTestService());
    const { page, network } = stage;
    await startSearch(stage);
    await stage.visit('/');
    await page.getByRole('heading', { name: 'Searches' }).waitFor();
    network.fail();
    const views = page.getByRole('navigation', { name: 'Views' });
    await views.getByRole('link', { name: 'Architectures' }).click();
    await says(page)
      .or(page.getByRole('heading', { name: 'This view could not be drawn' }))
      .waitFor();
    await stage.picture('outage-view');
    network.restore();
    await views.getByRole('link', { name: 'Searches' }).click();
    await page.getByRole('heading', { name: 'Searches' }).waitFor();
    await views.getByRole('link', { name: 'Architectures' }).click();
    await page.getByText('32 architectures').waitFor();
  });
}
