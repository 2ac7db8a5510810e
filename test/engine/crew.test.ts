import { readdirSync } from 'node:fs';
import { CrashError, type Crew, openCrew } from '../../src/engine/crew.ts';
import { BEGUN, RELEASED } from './crew.worker.ts';

const never = new AbortController().signal;

const WORKER = new URL('./crew.worker.ts', import.meta.url).href;
const sharedCounts = (): Int32Array => new Int32Array(new SharedArrayBuffer(8));

let crew: Crew | null = null;
afterEach(async () => {
  await crew?.close();
  crew = null;
});
const open = (threads: number, told = {}): Crew => (crew = openCrew(WORKER, threads, told));

/** Of ES2024, which this project does not target. */
const { waitAsync } = Atomics as unknown as {
  waitAsync(this: void, counts: Int32Array, index: number, value: number): { readonly value: unknown };
};

/** Resolves when so many tasks have begun. */
async function begun(counts: Int32Array, tasks: number): Promise<void> {
  for (let seen = Atomics.load(counts, BEGUN); seen < tasks; seen = Atomics.load(counts, BEGUN)) {
    await waitAsync(counts, BEGUN, seen).value;
  }
}

function release(counts: Int32Array): void {
  Atomics.store(counts, RELEASED, 1);
  Atomics.notify(counts, RELEASED);
}

test('each task gets its own result', async () => {
  const { run } = open(2);
  const counts = sharedCounts();
  const values = Array.from({ length: 20 }, (_, i) => ({ i }));
  const results = values.map((value) => run('echo', { counts, value }, never));
  await expect(Promise.all(results)).resolves.toEqual(values);
  expect(counts[BEGUN]).toBe(20);
});

test('no more tasks begin than there are threads', async () => {
  const { run } = open(2);
  const counts = sharedCounts();
  const tasks = [1, 2, 3, 4, 5].map((value) => run('linger', { counts, value }, never));
  await begun(counts, 2);
  // Were a third to begin, it would before a thread answers this.
  expect(counts[BEGUN]).toBe(2);
  release(counts);
  await expect(Promise.all(tasks)).resolves.toEqual([1, 2, 3, 4, 5]);
});

describe('what a task throws is thrown, and not tried again', () => {
  test.each([
    { name: 'throwBug', error: { message: 'a bug' } },
    { name: 'refuse', error: { code: 'CORRUPT_DATASET', message: 'a bad label', field: 'labels' } },
  ])('$name', async ({ name, error }) => {
    const counts = sharedCounts();
    const { run } = open(1);
    await expect(run(name, { counts }, never)).rejects.toMatchObject(error);
    await expect(run(name, { counts }, never)).rejects.not.toBeInstanceOf(CrashError);
    expect(counts[BEGUN]).toBe(2);
  });
});

test('a task whose thread dies is given another', async () => {
  const counts = sharedCounts();
  await expect(open(1).run('exitOnce', { counts, value: 'alive' }, never)).resolves.toBe('alive');
  expect(counts[BEGUN]).toBe(2);
});

test.each([
  { name: 'exit', message: /exited with code: 3/ },
  { name: 'explode', message: /boom/ },
])('$name: after the second death it is given up, others go on', async ({ name, message }) => {
  const counts = sharedCounts();
  const { run } = open(1);
  const doomed = run(name, { counts }, never);
  const other = run('echo', { counts: sharedCounts(), value: 'spared' }, never);
  const error: unknown = await doomed.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CrashError);
  expect((error as Error).message).toMatch(message);
  expect(counts[BEGUN]).toBe(2);
  // Nothing else is asked of the crew that could have started a thread for it.
  await expect(other).resolves.toBe('spared');
});

test.each([
  { start: 'fails', message: /this module is broken/ },
  { start: 'quits', message: /No worker thread can be started/ },
])('no task waits for a thread that never comes: it $start', async ({ start, message }) => {
  const { run } = open(2, { start });
  const tasks = [1, 2, 3].map(() => run('echo', {}, never));
  for (const task of tasks) {
    await expect(task).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringMatching(message) as string,
    });
  }
});

test('an aborted task that waits rejects at once and never begins; one that runs ends', async () => {
  const { run } = open(1);
  const counts = sharedCounts();
  const controller = new AbortController();
  const running = run('linger', { counts, value: 'done' }, controller.signal);
  await begun(counts, 1);
  const waiting = run('linger', { counts }, controller.signal);
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  release(counts);
  await expect(running).resolves.toBe('done');
  expect(counts[BEGUN]).toBe(1);
});

test('closing waits for what runs and turns away the rest', async () => {
  const opened = open(1);
  const counts = sharedCounts();
  const running = opened.run('linger', { counts, value: 'done' }, never);
  await begun(counts, 1);
  const waiting = opened.run('echo', { counts }, never);
  const closing = opened.close();
  await expect(waiting).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  release(counts);
  await expect(running).resolves.toBe('done');
  await closing;
  await expect(opened.run('echo', { counts }, never)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  expect(counts[BEGUN]).toBe(1);
});

// Only Linux tells how many threads a process has.
const ON_LINUX = process.platform === 'linux';
const describeOnLinux = ON_LINUX ? describe : describe.skip;
if (!ON_LINUX) console.warn('Skipped: how many threads there are (only Linux tells).');

describeOnLinux('threads', () => {
  test('are started when there is work, and none is left', async () => {
    const threads = (): number => readdirSync('/proc/self/task').length;
    const before = threads();
    const opened = open(2);
    const idle = threads();
    const counts = sharedCounts();
    const tasks = [1, 2].map((value) => opened.run('linger', { counts, value }, never));
    await begun(counts, 2);
    const busy = threads();
    release(counts);
    await Promise.all(tasks);
    await opened.close();
    expect(idle).toBe(before);
    expect(busy).toBeGreaterThanOrEqual(before + 2);
    expect(threads()).toBe(before);
  });
});
