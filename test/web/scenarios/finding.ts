// What is at an address: nothing yet, nothing at all, or nothing any more.

import type { Open } from '../browser/stage.ts';
import { openTestService } from '../../support/service.ts';

const NO_SEARCH = Buffer.from('Search:none').toString('base64url');
const NO_ARCHITECTURE = Buffer.from('Architecture:none').toString('base64url');

export function finding(open: Open): void {
  test('an empty archive says so, and leads to the form', async () => {
    const stage = await open(openTestService());
    const { page } = stage;
    await stage.visit('/');
    await page.getByRole('heading', { name: 'No search yet' }).waitFor();
    await stage.picture('empty');
    await page.getByRole('main').getByRole('link', { name: 'Start a search' }).click();
    await page.getByRole('heading', { name: 'Start a search', exact: true }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/start');
  });

  test.each([
    ['/nowhere', 'There is nothing at this address'],
    ['/searches', 'There is nothing at this address'],
    [`/searches/${NO_SEARCH}`, 'There is no such search'],
    [`/searches/${NO_ARCHITECTURE}`, 'There is no such search'],
    ['/searches/nonsense', 'There is no such search'],
    ['/searches/%', 'There is no such search'],
    [`/architectures/${NO_ARCHITECTURE}`, 'There is no such architecture'],
    ['/architectures/nonsense', 'There is no such architecture'],
    ['/architectures', 'No architecture yet'],
    ['/compare', 'No search to compare yet'],
    ['/trainings', 'No training yet'],
    ['/trainings/nonsense', 'There is no such training'],
    ['/compare-trainings', 'No training to compare yet'],
  ])('%s: %s', async (path, title) => {
    const stage = await open(openTestService());
    await stage.visit(path);
    await stage.page.getByRole('heading', { name: title }).waitFor();
    // A way on from there.
    expect(await stage.page.getByRole('main').getByRole('link').count()).toBeGreaterThan(0);
  });

  test('a comparison with a search that is gone says which', async () => {
    const stage = await open(openTestService());
    await stage.visit(`/compare?search=${NO_SEARCH}`);
    await stage.page.getByText(`There is no search ${NO_SEARCH}`).waitFor();
  });
}
