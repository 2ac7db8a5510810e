// The load test in small; `npm run load-test` is the whole of it. Times are printed there, and judged nowhere.

import { measureLoad } from './load.ts';

test('beside a busy search no request fails, and of a search each of many gets each event once', async () => {
  const { requests, followed } = await measureLoad({ rate: 50, seconds: 5, subscribers: 50, generations: 2 });
  expect(requests).toMatchObject({ requests: 250, errors: 0, firstError: null });
  expect(requests.evaluationsMeanwhile).toBeGreaterThan(0);
  expect(followed).toMatchObject({ events: 65, delivered: 50 * 65, wrong: 0 });
});
