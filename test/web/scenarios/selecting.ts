// From a point of the plot to the architecture behind it, and searches beside each other.

import { plot, said } from '../browser/read.ts';
import type { Open, Stage } from '../browser/stage.ts';
import { openTestService, rawId, SMALL, startSearch, type TestService } from '../../support/service.ts';

/** A finished search; its id. */
async function finished({ ask, served }: Stage<TestService>, settings: object = {}): Promise<string> {
  const id = await startSearch({ ask }, { ...SMALL, ...settings });
  await served.service.searches.settled(rawId(id));
  return id;
}

export function selecting(open: Open): void {
  test('a point is selected by keyboard, kept in the address, and opened', async () => {
    const stage = await open(openTestService());
    const { page } = stage;
    const id = await finished(stage);
    await stage.visit(`/searches/${id}`);
    const card = page.getByRole('region', { name: /^Architecture / });
    await plot(page).focus();
    await page.keyboard.press('ArrowRight');
    // What the cursor is at is said.
    await said(page)
      .getByText(/^architecture \w+/)
      .waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await card.waitFor();
    const chosen = new URL(page.url()).searchParams.get('architecture');
    expect(chosen).toEqual(expect.any(String));
    const title = await card.getByRole('heading').textContent();
    await stage.picture('search-selected');

    await page.reload();
    await card.waitFor();
    expect(await card.getByRole('heading').textContent()).toBe(title);
    expect(new URL(page.url()).searchParams.get('architecture')).toBe(chosen);

    await card.getByRole('link', { name: 'Open the architecture' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: title ?? '' }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/architectures/${chosen}`);
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    const genotype = await page.getByRole('textbox', { name: 'Genotype' }).inputValue();
    const { data } = await stage.ask(
      'query ($id: ID!) { node(id: $id) { ... on Architecture { genotype } } }',
      { id: chosen },
    );
    expect({ node: { genotype: JSON.parse(genotype) as unknown } }).toEqual(data);
    await page.getByRole('region', { name: 'Network' }).locator('svg').first().waitFor();
    await stage.picture('architecture');

    await page.goBack();
    await card.waitFor();
    await card.getByRole('button', { name: 'Clear' }).click();
    await card.waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.has('architecture')).toBe(false);
  });

  test('every key goes where it should, and the ends hold', async () => {
    const stage = await open(openTestService());
    const { page } = stage;
    await stage.visit(`/searches/${await finished(stage)}`);
    await plot(page).focus();
    const press = async (key: string): Promise<string> => {
      await page.keyboard.press(key);
      return (await said(page).textContent()) ?? '';
    };
    const [first, last] = [await press('Home'), await press('End')];
    expect(first).not.toBe(last);
    expect(await press('ArrowRight')).toBe(last);
    expect(await press('ArrowLeft')).not.toBe(last);
    expect(await press('Home')).toBe(first);
    expect(await press('ArrowLeft')).toBe(first);
    expect(await press('ArrowUp')).not.toBe(first);
    expect(await press('ArrowDown')).toBe(first);
  });

  test('two searches are compared', async () => {
    const stage = await open(openTestService());
    const { page } = stage;
    const ids = [await finished(stage), await finished(stage, { seed: 8, generations: 2 })];
    await stage.visit('/');
    const compare = page.getByRole('button', { name: /ompare/ });
    expect(await compare.isDisabled()).toBe(true);
    for (const seed of [7, 8])
      await page.getByRole('checkbox', { name: `Compare breastmnist, 4 channels, seed ${seed}` }).check();
    await compare.click();
    await page.getByRole('heading', { name: 'Compare searches' }).waitFor();
    expect(new URL(page.url()).searchParams.getAll('search').toSorted()).toEqual(ids.toSorted());
    const summary = page.getByRole('region', { name: 'What has come of them' });
    for (const text of ['seed 7', 'seed 8', '32 of 32', '24 of 24']) await summary.getByText(text).waitFor();
    await page.getByText(/hypervolumes do not .*compare/).waitFor();
    const differing = page
      .getByRole('region', { name: 'Settings' })
      .getByRole('row')
      .filter({ hasText: 'differs' });
    expect(await differing.allTextContents()).toEqual([
      expect.stringContaining('Generations'),
      expect.stringContaining('Seed'),
    ]);
    await stage.picture('compare');

    await page.reload();
    await summary
      .getByRole('row')
      .filter({ hasText: 'seed 8' })
      .getByRole('button', { name: /^Take/ })
      .click();
    await page.getByText('Only one search so far').waitFor();
    expect(new URL(page.url()).searchParams.getAll('search')).toEqual([ids[0]]);
  });
}
