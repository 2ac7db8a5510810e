// The workers: the service alone, or a fleet on a real queue whose workers come and go, while the way to the
// service or to Redis fails.

import type { Page } from 'playwright-core';
import type { Engine } from '../../../src/engine/engine.ts';
import { openEngine } from '../../../src/engine/pool.ts';
import type { QueueWorker } from '../../../src/queue/worker.ts';
import { startWorker } from '../../queue/fleet.ts';
import { hasRedis, type RedisServer, startRedis } from '../../support/redis.ts';
import { openTestService } from '../../support/service.ts';
import { seriousViolations } from '../browser/axe.ts';
import { openRealService } from '../browser/real.ts';
import { fact } from '../browser/read.ts';
import type { Open, Served } from '../browser/stage.ts';
import { sticksOut } from '../browser/width.ts';
import { LOOKS } from './looking.ts';

const GPU = {
  backend: 'webgpu',
  adapter: 'NVIDIA GeForce RTX 4090',
  numerics: 'webgpu-nvidia-geforce-rtx-4090-1',
};

/** Resolves when the page has told who uses no eyes so. */
const announced = (page: Page, text: string): Promise<void> =>
  page
    .getByRole('main')
    .locator('p[aria-live="polite"]')
    .getByText(text, { exact: true })
    .waitFor({ state: 'attached' });

const rows = (page: Page) => page.getByRole('row').filter({ has: page.getByRole('rowheader') });

export function workers(open: Open): void {
  test('a service without a queue is its only worker', async () => {
    const stage = await open(openTestService());
    const { page } = stage;
    await stage.visit('/');
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Workers' }).click();
    await fact(page, 'Workers', '1');
    await fact(page, 'Connection', 'live');
    await fact(page, 'Speed together', '–');
    const cells = await rows(page).getByRole('cell').allTextContents();
    expect(cells.slice(0, 7)).toEqual(['formula', 'CPU', '1', '0 of 1 busy', '–', '0.1.0', 'formula-1']);
    expect(cells.slice(7)).toEqual([
      expect.stringMatching(/^(now|\d+ s ago)$/),
      expect.stringMatching(/^(now|\d+ s ago)$/),
    ]);
    await stage.picture('workers-one');
  });

  const queued = hasRedis ? describe : describe.skip;
  queued(`on a queue${hasRedis ? '' : ' (skipped: there is no redis-server)'}`, () => {
    let redis: RedisServer;
    let engine: Engine;
    let fleet: QueueWorker[] = [];
    beforeAll(async () => {
      engine = await openEngine({ workers: 1 });
    });
    beforeEach(async () => {
      redis = await startRedis();
    });
    afterEach(async () => {
      redis.thaw();
      for (const worker of fleet.splice(0)) await worker.close();
      await redis.kill();
    });
    afterAll(() => engine.close());

    const openQueued = (): Promise<Served> => openRealService({ MEDNAS_QUEUE: redis.url }, () => undefined);
    const work = async (info: Partial<Engine['info']> = {}, busy = 0): Promise<QueueWorker> => {
      const worker = await startWorker(redis.url, {
        ...engine,
        info: { ...engine.info, ...info },
        load: () => ({ ...engine.load(), busy }),
      });
      fleet.push(worker);
      return worker;
    };
    const end = async (worker: QueueWorker): Promise<void> => {
      fleet = fleet.filter((other) => other !== worker);
      await worker.close();
    };

    test.each(LOOKS)(
      'workers come and go, and their arithmetics are told apart: %s',
      async (look, options) => {
        const stage = await open(openQueued(), options);
        const { page } = stage;
        const faults: Record<string, readonly string[]> = {};
        const see = async (what: string): Promise<void> => {
          await stage.picture(`${look}-workers-${what}`);
          const found = [...(await seriousViolations(page)), ...(await sticksOut(page))];
          if (found.length > 0) faults[what] = found;
        };
        await stage.visit('/workers');
        await page.getByRole('heading', { name: 'No worker is up' }).waitFor();
        expect(await page.getByRole('textbox', { name: 'Command' }).inputValue()).toBe(
          'MEDNAS_QUEUE=redis://redis:6379 npx mednas worker',
        );
        await see('none');

        const first = await work({}, 1);
        await announced(page, '1 came: now 1 worker with 1 thread.');
        await page.getByText('1 of 1', { exact: false }).first().waitFor();
        const { id, host } = first.describe();
        await page.getByRole('rowheader', { name: `${host} ${id.split('-').at(-1)}` }).waitFor();
        expect(await page.getByText(/There are workers of/).count()).toBe(0);

        // A fleet is told of a second at a time, so both may be one piece of news.
        await work({ workers: 4 });
        const gpu = await work(GPU);
        await fact(page, 'Workers', '3');
        await fact(page, 'Threads', '6');
        await page.getByText(/^There are workers of 2 arithmetics/).waitFor();
        const { data } = await stage.ask('{ engine { numerics } }');
        const taken = data.engine.numerics;
        await page.locator(`p strong[title="${String(taken)}"]`).waitFor();
        const groups = page.locator('th[scope="rowgroup"]');
        expect(await groups.count()).toBe(2);
        expect(await groups.first().textContent()).toContain('new ones take it');
        expect(await groups.first().locator('strong').getAttribute('title')).toBe(taken);
        await page.getByRole('cell', { name: GPU.adapter }).waitFor();
        await see('several');

        await end(gpu);
        await announced(page, '1 left: now 2 workers with 5 threads.');
        expect(await page.getByText(/There are workers of/).count()).toBe(0);
        await see('two');
        for (const worker of fleet) await end(worker);
        await page.getByRole('heading', { name: 'No worker is up' }).waitFor();
        expect(faults).toEqual({});
      },
    );

    test('a lost connection is told, and who left meanwhile is gone once it is back', async () => {
      const stage = await open(openQueued());
      const { page, network } = stage;
      const [staying, leaving] = [await work(), await work()];
      await stage.visit('/workers');
      await fact(page, 'Workers', '2');
      network.fail();
      await network.refused();
      await page.getByRole('status').getByText('The connection to the service is lost.').waitFor();
      await stage.picture('workers-lost');
      expect(await rows(page).count()).toBe(2);
      await end(leaving);
      network.restore();
      await fact(page, 'Workers', '1');
      await fact(page, 'Connection', 'live');
      const back = await stage.stop();
      await page.getByRole('status').getByText('The connection to the service is lost.').waitFor();
      await back();
      await fact(page, 'Connection', 'live');
      expect(await rows(page).textContent()).toContain(staying.describe().id.split('-').at(-1));
    });

    test('Redis that does not answer is told, and the workers are followed again once it does', async () => {
      const stage = await open(openQueued());
      const { page } = stage;
      await work();
      await stage.visit('/workers');
      await fact(page, 'Workers', '1');
      redis.freeze();
      await page.getByRole('status').getByText('Nothing can be scored now.').waitFor();
      redis.thaw();
      await fact(page, 'Connection', 'live');
      await page.getByText('Nothing can be scored now.').waitFor({ state: 'detached' });
      await fact(page, 'Workers', '1');
    });
  });
}
