// The workers as the dashboard tells of them: what they are together, by arithmetic, and who has come or gone.

import {
  agoText,
  briefId,
  briefNumerics,
  groupsOf,
  heardAgo,
  newsOf,
  saySum,
  speedText,
  sumOf,
  totalSpeed,
  type Worker,
} from '../../web/src/workers/fleet.ts';

const worker = (id: string, alter: Partial<Worker> = {}): Worker => ({
  id,
  host: 'lab',
  backend: 'wasm',
  adapter: null,
  threads: 4,
  busy: 1,
  speed: 2e10,
  version: '0.1.0',
  numerics: 'wasm-relaxed-2',
  since: '2026-01-01T00:00:00.000Z',
  lastSeen: '2026-01-01T00:00:10.000Z',
  ...alter,
});

const [a, b, slow, gpu] = [
  worker('a'),
  worker('b', { threads: 2, busy: 0 }),
  worker('slow', { speed: null }),
  worker('gpu', { threads: 1, speed: 1.25e12, numerics: 'webgpu-x-1' }),
];

test.each([
  [[], 'no worker', '–'],
  [[gpu], '1 worker with 1 thread', '1250 GMAC/s'],
  [[a, b], '2 workers with 6 threads', '40 GMAC/s'],
  [[a, slow], '2 workers with 8 threads', '20 GMAC/s, 1 not measured'],
  [[slow], '1 worker with 4 threads', '–'],
])('together %#', (workers, said, speed) => {
  expect([saySum(sumOf(workers)), totalSpeed(sumOf(workers))]).toEqual([said, speed]);
});

test('busy threads are summed, whatever the arithmetic', () => {
  expect(sumOf([a, b, gpu])).toEqual({ workers: 3, threads: 7, busy: 2, speed: 1.29e12, unmeasured: 0 });
});

test.each([
  [null, ['wasm-relaxed-2', 'webgpu-x-1']],
  ['wasm-relaxed-2', ['wasm-relaxed-2', 'webgpu-x-1']],
  ['webgpu-x-1', ['webgpu-x-1', 'wasm-relaxed-2']],
])('where new searches take %s, the groups are %j', (taken, numerics) => {
  const groups = groupsOf([a, gpu, b], taken);
  expect(groups.map((group) => group.numerics)).toEqual(numerics);
  expect(groups.find((group) => group.numerics === 'wasm-relaxed-2')?.workers).toEqual([a, b]);
});

test.each([
  [[a], [a], null],
  [[a], [{ ...a, busy: 4 }], null],
  [[], [a], '1 came: now 1 worker with 4 threads.'],
  [[a, b], [a, gpu], '1 came, 1 left: now 2 workers with 5 threads.'],
  [[a, b], [], '2 left: now no worker.'],
])('what is told of a change %#', (before, after, news) => {
  expect(newsOf(before, after)).toBe(news);
});

test.each([
  [null, '–'],
  [undefined, '–'],
  [1.23456e10, '12.3'],
  [4e8, '0.4'],
])('a speed of %s is %s', (speed, text) => {
  expect(speedText(speed)).toBe(text);
});

test.each([
  ['wasm-relaxed-2', 'wasm-relaxed-2'],
  ['webgpu-nvidia-geforce-rtx-4090-1', 'webgpu-nvidia-ge…tx-4090-1'],
  ['webgpu-nvidia-geforce-rtx-4090-2', 'webgpu-nvidia-ge…tx-4090-2'],
])('%s is %s', (numerics, brief) => {
  expect(briefNumerics(numerics)).toBe(brief);
});

test.each([
  ['lab-7-4242-5d5acbca', '5d5acbca'],
  ['lab-4242', '4242'],
  ['4242', '4242'],
])('of the id %s is shown %s', (id, brief) => {
  expect(briefId(id)).toBe(brief);
});

const SECOND = 1000;
const HOUR = 3600 * SECOND;

test.each([
  ['as it says', -2, 0, 2],
  ['told some seconds ago', -12, -10, 12],
  ['of a clock an hour behind', -3600, -10, 15],
  ['of a clock an hour ahead', 3600, -10, 10],
])('when a worker was heard of, %s', (_, lastSeen, told, seconds) => {
  expect(heardAgo(HOUR + lastSeen * SECOND, HOUR + told * SECOND, HOUR)).toBe(seconds);
});

test.each([
  [-3, 'now'],
  [0.9, 'now'],
  [1, '1 s ago'],
  [125, '2 min 5 s ago'],
  [7260, '2 h 1 min ago'],
])('%s seconds are %s', (seconds, text) => {
  expect(agoText(seconds)).toBe(text);
});
