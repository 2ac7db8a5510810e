// The dashboard as a person meets it: in a browser, before a real service that scores real images.

import type { Locator, Page } from 'playwright-core';
import { seriousViolations } from './browser/axe.ts';
import { hasBrowser, openSite, type Site } from './browser/browser.ts';
import { watchFrames } from './browser/frames.ts';

const expectShown = (what: Locator): Promise<void> => expect(what.waitFor()).resolves.toBeUndefined();

const scenario = hasBrowser ? describe : describe.skip;

interface Started {
  readonly startSearch: { readonly search: { readonly id: string } };
}
const SMALL = { population: 8, offspring: 8, generations: 3, initChannels: 4, batchSize: 16 };

scenario('in a browser', () => {
  let site: Site;
  const errors: string[] = [];

  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(() => site.close());

  async function open(...args: Parameters<Site['open']>): Promise<Page> {
    const page = await site.open(...args);
    page.on('pageerror', ({ message }) => errors.push(message));
    return page;
  }
  async function start(settings: object): Promise<string> {
    const started = await site.ask<Started>(
      'mutation ($input: StartSearchInput!) { startSearch(input: $input) { search { id } } }',
      { input: { ...SMALL, ...settings } },
    );
    return started.startSearch.search.id;
  }
  const address = (id: string): string => `/searches/${encodeURIComponent(id)}`;
  /** A search that has come to its end, as its page shows it. */
  async function finished(settings: object): Promise<{ readonly id: string; readonly page: Page }> {
    const id = await start(settings);
    const page = await open(address(id));
    await expectShown(page.getByText('completed', { exact: true }));
    await expectShown(page.getByText('complete', { exact: true }));
    return { id, page };
  }
  const scoredOf = async (page: Page): Promise<string> =>
    (await page.locator('dt:text-is("Scored") + dd').textContent()) ?? '';

  afterEach(() => {
    site.mend();
    const thrown = errors.splice(0);
    if (thrown.length > 0) throw new Error(`the page has thrown: ${thrown.join('; ')}`);
  });

  test('an empty archive says so and leads to the form', async () => {
    const page = await open('/');
    await expectShown(page.getByRole('heading', { name: 'No search yet' }));
    await page.getByRole('main').getByRole('link', { name: 'Start a search' }).click();
    await expectShown(page.getByRole('heading', { name: 'Start a search' }));
    await page.context().close();
  });

  test('a search is started by the form: what is wrong is said at its field, then generations arrive', async () => {
    const page = await open('/start');
    await page.getByRole('button', { name: /^Quick/ }).click();
    await page.getByLabel('Population', { exact: true }).fill('7');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    const population = page.getByLabel('Population', { exact: true });
    await expectShown(page.locator('[aria-invalid="true"]'));
    expect(await population.getAttribute('aria-invalid')).toBe('true');
    expect(
      await page
        .locator(`p[id="${(await population.getAttribute('aria-describedby'))?.split(' ')[1]}"]`)
        .textContent(),
    ).toContain('7');
    await population.fill('8');
    await page.getByLabel('Offspring', { exact: true }).fill('8');
    await page.getByLabel('Generations', { exact: true }).fill('3');
    await page.getByLabel('Init channels', { exact: true }).fill('4');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.waitForURL(/\/searches\//);
    await expectShown(page.getByText('3 of 3'));
    await expectShown(page.getByText('completed', { exact: true }));
    expect(await scoredOf(page)).toBe('32 of 32');
    await page.context().close();
  });

  test('a connection lost in mid-search is taken up again with nothing missing and nothing twice', async () => {
    const id = await start({ population: 20, offspring: 20, generations: 12, seed: 5 });
    const page = await open(address(id));
    await expectShown(page.getByText('live', { exact: true }));
    site.cut();
    await expectShown(page.getByText(/connection to the service is lost/));
    site.mend();
    await expectShown(page.getByText('completed', { exact: true }));
    expect(await scoredOf(page)).toBe('260 of 260');
    await page.getByLabel('Show').selectOption('everything scored');
    await expectShown(page.getByText('260 rows'));
    await page.context().close();
  });

  test('an architecture is selected by keyboard, is kept in the address, and opens', async () => {
    const { page } = await finished({ seed: 1 });
    await page.getByRole('application').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await expectShown(page.getByRole('heading', { name: /^Architecture / }));
    const selected = new URL(page.url()).searchParams.get('architecture');
    expect(selected).toMatch(/./);
    await page.reload();
    await expectShown(page.getByRole('heading', { name: /^Architecture / }));
    await page.getByRole('link', { name: 'Open the architecture' }).click();
    await page.waitForURL(/\/architectures\//);
    await expectShown(page.getByRole('heading', { name: 'Network' }));
    await expectShown(page.locator('svg text').filter({ hasText: 'stem' }).first());
    await page.context().close();
  });

  test('two searches are compared', async () => {
    await finished({ seed: 2 }).then(({ page }) => page.context().close());
    await finished({ seed: 3 }).then(({ page }) => page.context().close());
    const page = await open('/');
    await page.getByRole('checkbox', { name: /seed 2/ }).check();
    await page.getByRole('checkbox', { name: /seed 3/ }).check();
    await page.getByRole('button', { name: 'Compare 2' }).click();
    await page.waitForURL(/\/compare/);
    await expectShown(page.getByRole('heading', { name: 'Settings' }));
    await expectShown(page.getByText('differs').first());
    await page.context().close();
  });

  test('a search is paused, resumed, cancelled, cloned and deleted, the last after a question', async () => {
    const id = await start({ population: 40, offspring: 40, generations: 200, seed: 9 });
    const page = await open(address(id));
    await page.getByRole('button', { name: /^Pause/ }).click();
    await expectShown(page.getByText('paused', { exact: true }));
    await page.getByRole('button', { name: /^Resume/ }).click();
    await expectShown(page.getByText('running', { exact: true }));
    await page.getByRole('button', { name: /^Cancel/ }).click();
    await page.getByRole('button', { name: 'End it' }).click();
    await expectShown(page.getByText('cancelled', { exact: true }));
    await page.getByRole('button', { name: /^Clone/ }).click();
    await expectShown(page.getByRole('heading', { name: /like another/ }));
    expect(await page.getByLabel('Generations', { exact: true }).inputValue()).toBe('200');
    await page.goBack();
    await page.getByRole('button', { name: /^Delete/ }).click();
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('button', { name: /^Delete/ }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.waitForURL((url) => url.pathname === '/');
    expect(await site.ask('query ($id: ID!) { node(id: $id) { id } }', { id })).toEqual({ node: null });
    await page.context().close();
  });

  test.each([
    ['/nowhere', 'There is nothing at this address'],
    ['/searches/nonsense', 'There is no such search'],
    ['/architectures/nonsense', 'There is no such architecture'],
  ])('%s says so', async (path, title) => {
    const page = await open(path);
    await expectShown(page.getByRole('heading', { name: title }));
    await page.context().close();
  });

  test('a service that does not answer is said, and missed no longer than it is away', async () => {
    await finished({ seed: 7 }).then(({ page }) => page.context().close());
    const page = await open('/');
    await expectShown(page.getByRole('heading', { name: 'Searches' }));
    // Views are loaded ahead; by then it is at hand.
    await page.waitForFunction(() =>
      performance.getEntriesByType('resource').some(({ name }) => name.includes('/compare-')),
    );
    site.cut();
    await page
      .getByRole('link', { name: /seed 7/ })
      .first()
      .click();
    await expectShown(page.getByText(/does not answer/));
    site.mend();
    await page.getByRole('button', { name: 'Try again' }).click();
    await expectShown(page.getByRole('heading', { name: 'Pareto front' }));
    await page.context().close();
  });

  describe('every view', () => {
    let views: readonly (readonly [name: string, path: string, heading: string])[];
    beforeAll(async () => {
      const { id, page } = await finished({ seed: 4 });
      await page.context().close();
      interface Best {
        readonly search: {
          readonly best: { readonly individual: { readonly architecture: { readonly id: string } } };
        };
      }
      const { search } = await site.ask<Best>(
        'query ($id: ID!) { search(id: $id) { best { individual { architecture { id } } } } }',
        { id },
      );
      const architecture = encodeURIComponent(search.best.individual.architecture.id);
      views = [
        ['searches', '/', 'Searches'],
        ['start', '/start', 'Start a search'],
        ['search', address(id), 'Pareto front'],
        ['architecture', `/architectures/${architecture}?search=${encodeURIComponent(id)}`, 'Network'],
        ['architectures', '/architectures', 'Architectures'],
        ['compare', `/compare?search=${encodeURIComponent(id)}`, 'Settings'],
      ];
    });

    test.each(['light', 'dark'] as const)('is open to all, %s', async (colorScheme) => {
      for (const [name, path, heading] of views) {
        const page = await open(path, { colorScheme });
        await expectShown(page.getByRole('heading', { name: heading, exact: true }).first());
        expect([name, await seriousViolations(page)]).toEqual([name, []]);
        await page.context().close();
      }
    });

    test('fits a phone', async () => {
      for (const [name, path, heading] of views) {
        const page = await open(path, { viewport: { width: 390, height: 844 } });
        await expectShown(page.getByRole('heading', { name: heading, exact: true }).first());
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        expect([name, width]).toEqual([name, 390]);
        await page.context().close();
      }
    });
  });

  test('a search of 40 x 40 stays smooth while its 1,640 points arrive', async () => {
    const id = await start({ population: 40, offspring: 40, generations: 40, seed: 6 });
    const page = await open(address(id));
    await expectShown(page.getByRole('heading', { name: 'Pareto front' }));
    await expectShown(page.getByRole('slider').first());
    const watched = await watchFrames(page);
    await page.getByText('completed', { exact: true }).waitFor({ timeout: 110_000 });
    const { script } = await watched();
    expect(await scoredOf(page)).toBe('1,640 of 1,640');
    const at = (share: number): string => (script[Math.floor(share * (script.length - 1))] ?? 0).toFixed(1);
    console.info(
      `script a frame, ms, of ${script.length} frames with any: median ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, most ${at(1)}; over 16: ${script.filter((ms) => ms > 16).length}`,
    );
    await page.context().close();
  });
});
