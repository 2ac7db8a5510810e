// The form: its presets and fields, what the service refuses, and the search that comes of it.

import { openRealService } from '../browser/real.ts';
import { fact, status } from '../browser/read.ts';
import type { Open } from '../browser/stage.ts';
import { openTestService } from '../../support/service.ts';

const SMALL = { Population: '8', Offspring: '8', Generations: '4', 'Init channels': '4', Seed: '5' } as const;

export function starting(open: Open): void {
  test.each([
    ['Population', '7', /even integer from 2 to 10000; got 7/],
    ['Init channels', '6', /multiple of 4/],
    ['Generations', '1.5', /integer/],
    ['Seed', 'seven', /integer/],
    ['Dataset', 'brestmnist', /Did you mean breastmnist/],
    ['Batch size', '1', /integer from 2 to 1024/],
  ])('%s of %s is refused at the field', async (label, value, says) => {
    const { page, visit } = await open(openTestService());
    await visit('/start');
    await page.getByText('More settings').click();
    const field = page.getByLabel(label, { exact: true });
    await field.fill(value);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    // Where one goes on typing.
    await page.locator('[aria-invalid="true"]:focus').waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    const described = ((await field.getAttribute('aria-describedby')) ?? '').split(' ');
    const told = await page.locator(described.map((id) => `[id="${id}"]`).join(', ')).allTextContents();
    expect(told.join(' ')).toMatch(says);
    // What was wrong is forgotten with the next letter.
    await field.fill('8');
    expect(await field.getAttribute('aria-invalid')).toBe('false');
  });

  test('a small search on BreastMNIST is started, and its generations arrive', async () => {
    const stage = await open(openRealService());
    const { page } = stage;
    await stage.visit('/start');
    await page.getByRole('button', { name: /^Quick/ }).click();
    for (const [label, value] of Object.entries(SMALL))
      await page.getByLabel(label, { exact: true }).fill(value);
    await page.getByText('scores up to 40 architectures').waitFor();
    await page.getByText(/546 training images/).waitFor();
    await page.getByRole('button', { name: 'Start', exact: true }).click();

    await page.getByRole('heading', { name: 'breastmnist, 4 channels, seed 5' }).waitFor();
    await page.getByRole('heading', { name: 'Population of generation 4' }).waitFor();
    await fact(page, 'Generation', '4 of 4');
    await fact(page, 'Scored', '40 of 40');
    await fact(page, 'Connection', 'complete');
    await status(page, 'completed');
    // Of the three charts, whose legends tell of the last generation while no pointer says otherwise.
    const told = page.locator('.u-legend tr:first-child .u-value');
    await told.filter({ hasText: /^4$/ }).nth(2).waitFor();
    expect(await told.allTextContents()).toEqual(['4', '4', '4']);
    await stage.picture('search-completed');

    const id = decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1) ?? '');
    const { data } = await stage.ask(
      'query ($id: ID!) { search(id: $id) { status settings { batchSize population seed } individuals { totalCount } } }',
      { id },
    );
    expect(data.search).toEqual({
      status: 'COMPLETED',
      settings: { batchSize: 32, population: 8, seed: 5 },
      individuals: { totalCount: 40 },
    });
  });

  test('one without generations says so, and is cloned with its lanes', async () => {
    const stage = await open(openRealService());
    const { page } = stage;
    await stage.visit('/start');
    await page.getByRole('button', { name: /^Quick/ }).click();
    for (const [label, value] of Object.entries(SMALL))
      await page.getByLabel(label, { exact: true }).fill(value);
    await page.getByText('More settings').click();
    await page.getByLabel('Strategy', { exact: true }).selectOption('steady');
    const lanes = page.getByLabel('Lanes', { exact: true });
    const hint = ((await lanes.getAttribute('aria-describedby')) ?? '').split(' ')[0];
    expect(await page.locator(`[id="${hint}"]`).textContent()).toContain('by the strategy STEADY alone');
    await lanes.fill('3');
    await stage.picture('steady-start');
    await page.getByRole('button', { name: 'Start', exact: true }).click();

    await page.getByRole('heading', { name: 'breastmnist, 4 channels, seed 5, steady' }).waitFor();
    await page
      .getByText(/^Without generations: .* is 8 scores, after the 8 of the initial population\.$/)
      .waitFor();
    await fact(page, 'Lanes', '3');
    await fact(page, 'Generation', '4 of 4');
    await fact(page, 'Scored', '40 of 40');
    await fact(page, 'Connection', 'complete');
    await status(page, 'completed');
    await page.getByRole('heading', { name: 'Population of generation 4' }).waitFor();
    const told = page.locator('.u-legend tr:first-child .u-value');
    await told.filter({ hasText: /^4$/ }).nth(2).waitFor();
    await stage.picture('steady-search');

    await page.getByRole('button', { name: /^Clone the settings of/ }).click();
    await page.getByText(/seed 5, steady\. With the same seed it begins the same/).waitFor();
    await page.getByText('More settings').click();
    expect(await lanes.inputValue()).toBe('3');
    expect(await page.getByLabel('Strategy', { exact: true }).inputValue()).toBe('STEADY');
  });
}
