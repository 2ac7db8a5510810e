// What can be done to a search: pause, resume, cancel, delete, clone.

import { fact, status } from '../browser/read.ts';
import type { Open } from '../browser/stage.ts';
import { openTestService, SMALL, startSearch } from '../../support/service.ts';

const NAME = 'breastmnist, 4 channels, seed 7';

export function controlling(open: Open): void {
  test('a search is paused, resumed and ended early', async () => {
    const stage = await open(openTestService({ permits: 10 }));
    const { page, served } = stage;
    const button = (action: string) => page.getByRole('button', { name: `${action} ${NAME}` });
    const id = await startSearch(stage);
    await stage.visit(`/searches/${id}`);
    await fact(page, 'Scored', '10 of 32');
    await status(page, 'running');
    await button('Pause').click();
    await status(page, 'paused');
    await stage.picture('search-paused');
    await button('Resume').click();
    await status(page, 'running');
    served.permits.grant(8);
    await fact(page, 'Scored', '18 of 32');

    await button('Cancel').click();
    const question = page.getByRole('dialog', { name: 'End this search early?' });
    await question.getByRole('button', { name: 'Keep it' }).click();
    await question.waitFor({ state: 'detached' });
    await status(page, 'running');
    await button('Cancel').click();
    await question.getByRole('button', { name: 'End it' }).click();
    await status(page, 'cancelled');
    await fact(page, 'Connection', 'complete');
    expect(await button('Resume').count()).toBe(0);
  });

  test('a search is deleted after a question, and its scores stay', async () => {
    const stage = await open(openTestService());
    const { page } = stage;
    const id = await startSearch(stage);
    await stage.visit(`/searches/${id}`);
    await status(page, 'completed');
    await page.getByRole('button', { name: `Delete ${NAME}` }).click();
    const question = page.getByRole('dialog', { name: 'Delete this search?' });
    await question.waitFor();
    await stage.picture('delete');
    // Escape is no.
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: `Delete ${NAME}` }).click();
    await question.getByRole('button', { name: 'Delete it' }).click();
    await page.getByRole('heading', { name: 'No search yet' }).waitFor();
    await stage.visit(`/searches/${id}`);
    await page.getByRole('heading', { name: 'There is no such search' }).waitFor();
    await stage.visit('/architectures');
    await page.getByText('32 architectures').waitFor();
  });

  test('a search that is deleted from the list is gone from it', async () => {
    const stage = await open(openTestService());
    const { page } = stage;
    await startSearch(stage);
    await startSearch(stage, { ...SMALL, seed: 8 });
    await stage.visit('/');
    const row = page.getByRole('row').filter({ hasText: NAME });
    await row.getByText('completed').waitFor();
    await row.getByRole('button', { name: `Delete ${NAME}` }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await row.waitFor({ state: 'detached' });
    expect(await page.getByRole('row').count()).toBe(2);
  });

  test('a clone fills the form, and finds the same from the archive', async () => {
    const stage = await open(openTestService());
    const { page } = stage;
    const id = await startSearch(stage);
    await stage.visit(`/searches/${id}`);
    await status(page, 'completed');
    await page.getByRole('button', { name: `Clone the settings of ${NAME}` }).click();
    await page.getByRole('heading', { name: 'Start a search like another' }).waitFor();
    for (const [label, value] of [
      ['Population', SMALL.population],
      ['Offspring', SMALL.offspring],
      ['Generations', SMALL.generations],
      ['Init channels', SMALL.initChannels],
      ['Seed', SMALL.seed],
      ['Batch size', SMALL.batchSize],
    ] as const) {
      expect(await page.getByLabel(label, { exact: true }).inputValue()).toBe(String(value));
    }
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('heading', { name: NAME }).waitFor();
    await status(page, 'completed');
    await fact(page, 'Scored', '32 of 32');
    await fact(page, 'From the archive', '32');
    expect(page.url()).not.toContain(id);
  });
}
