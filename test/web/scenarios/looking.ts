// How every view looks: to those who cannot see it well, in light and dark, and on a phone.

import { seriousViolations } from '../browser/axe.ts';
import type { Open, Stage } from '../browser/stage.ts';
import { sticksOut } from '../browser/width.ts';
import { openTestService, rawId, SMALL, startSearch, type TestService } from '../../support/service.ts';
import { rawTrainingId, startTraining } from './training.ts';

interface Made {
  /** A search that is over, another, and one that waits for its second generation. */
  readonly done: string;
  readonly other: string;
  readonly running: string;
  readonly architecture: string;
  /** A training that is over, and one that is paused in its third epoch. */
  readonly trained: string;
  readonly learning: string;
}

async function make({ ask, served }: Stage<TestService>): Promise<Made> {
  const start = (settings: object) => startSearch({ ask }, { ...SMALL, ...settings });
  const [done, other] = [await start({}), await start({ seed: 8 })];
  for (const id of [done, other]) await served.service.searches.settled(rawId(id));
  const { data } = await ask(
    'query ($id: ID!) { search(id: $id) { individuals(first: 1) { edges { node { architecture { id } } } } } }',
    { id: done },
  );
  const architecture = data.search.individuals.edges[0]?.node.architecture.id ?? '';
  // Each epoch takes five permits.
  served.permits.grant(4 * 5);
  const trained = await startTraining({ ask }, { architecture, epochs: 4 });
  await served.service.trainings.settled(rawTrainingId(trained));
  served.permits.grant(2 * 5);
  const learning = await startTraining({ ask }, { baseline: 'RESNET18', initChannels: 4, epochs: 5 });
  await served.permits.wanted();
  // A paused one takes none, so the search has those that follow for itself.
  await ask('mutation ($id: ID!) { pauseTraining(id: $id) { errors { message } } }', { id: learning });
  await served.permits.unwanted();
  served.permits.grant(12);
  const running = await start({ seed: 9 });
  await served.permits.wanted();
  return { done, other, running, architecture, trained, learning };
}

type View = readonly [name: string, path: (made: Made) => string, heading: RegExp];

const VIEWS: readonly View[] = [
  ['searches', () => '/', /^Searches$/],
  ['start', () => '/start', /^Start a search$/],
  ['clone', ({ done }) => `/start?from=${done}`, /^Start a search like another$/],
  ['search', ({ done }) => `/searches/${done}`, /^Population of generation 3$/],
  [
    'selection',
    ({ done, architecture }) => `/searches/${done}?architecture=${architecture}`,
    /^Architecture /,
  ],
  ['running', ({ running }) => `/searches/${running}`, /^Population of generation 0$/],
  ['architectures', () => '/architectures', /^Architectures$/],
  ['architecture', ({ done, architecture }) => `/architectures/${architecture}?search=${done}`, /^Network$/],
  ['compare', ({ done, other }) => `/compare?search=${done}&search=${other}`, /^Settings$/],
  ['trainings', () => '/trainings', /^Trainings$/],
  ['training', ({ trained }) => `/trainings/${trained}`, /^Recipe$/],
  ['learning', ({ learning }) => `/trainings/${learning}`, /^Recipe$/],
  [
    'compare-trainings',
    ({ trained, learning }) => `/compare-trainings?training=${trained}&training=${learning}`,
    /^Compare trainings$/,
  ],
  ['workers', () => '/workers', /^Workers$/],
  ['nothing', () => '/nowhere', /^There is nothing at this address$/],
];

export const LOOKS = [
  ['light', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
  ['phone', { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true }],
] as const;

export function looking(open: Open): void {
  test.each(LOOKS)('%s', async (look, options) => {
    const stage = await open(openTestService({ permits: 64 }), { ...options, reducedMotion: 'reduce' });
    const { page } = stage;
    const made = await make(stage);
    const faults: Record<string, readonly string[]> = {};
    for (const [name, path, heading] of VIEWS) {
      await stage.visit(path(made));
      await page.getByRole('heading', { name: heading }).first().waitFor();
      await page.locator('[aria-busy="true"]').waitFor({ state: 'detached' });
      await stage.picture(`${look}-${name}`);
      const found = [...(await seriousViolations(page)), ...(await sticksOut(page))];
      if (found.length > 0) faults[name] = found;
    }
    expect(faults).toEqual({});
  });
}
