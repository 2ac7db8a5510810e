import { openGate } from '../../src/engine/gate.ts';

const never = new AbortController().signal;

/** Visitors by name, noted as they get in. */
function openNoted(places: number) {
  const gate = openGate(places);
  const inside: string[] = [];
  const visit = async (name: string, signal = never): Promise<void> => {
    await gate.enter(signal);
    inside.push(name);
  };
  return { gate, inside, visit };
}

test('so many get in, the others in the order they came', async () => {
  const { gate, inside, visit } = openNoted(2);
  const visits = ['a', 'b', 'c', 'd'].map((name) => visit(name));
  await Promise.all(visits.slice(0, 2));
  expect(inside).toEqual(['a', 'b']);
  gate.leave();
  await visits[2];
  expect(inside).toEqual(['a', 'b', 'c']);
  gate.leave();
  await visits[3];
  gate.leave();
  gate.leave();
  await Promise.all([visit('e'), visit('f')]);
  expect(inside).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

test('who gives up is passed over', async () => {
  const { gate, inside, visit } = openNoted(1);
  const controller = new AbortController();
  await visit('a');
  const b = visit('b', controller.signal);
  const c = visit('c');
  controller.abort(new Error('enough'));
  await expect(b).rejects.toThrow('enough');
  gate.leave();
  await c;
  expect(inside).toEqual(['a', 'c']);
  await expect(visit('d', controller.signal)).rejects.toThrow('enough');
});

test('giving up too late changes nothing', async () => {
  const { gate, inside, visit } = openNoted(1);
  const controller = new AbortController();
  await visit('a');
  const b = visit('b', controller.signal);
  gate.leave();
  controller.abort(new Error('enough'));
  await b;
  const c = visit('c');
  gate.leave();
  await c;
  expect(inside).toEqual(['a', 'b', 'c']);
});

test('a closed gate turns away who waits and who comes', async () => {
  const { gate, inside, visit } = openNoted(1);
  await visit('a');
  const b = visit('b');
  gate.close(new Error('closed'));
  await expect(b).rejects.toThrow('closed');
  gate.leave();
  await expect(visit('c')).rejects.toThrow('closed');
  expect(inside).toEqual(['a']);
});

test('searches that each have as many lanes as there are places take turns', async () => {
  const { gate, inside, visit } = openNoted(2);
  const lane = async (name: string): Promise<void> => {
    for (let i = 0; i < 10; i++) {
      await visit(name);
      await new Promise((resolve) => setImmediate(resolve));
      gate.leave();
    }
  };
  await Promise.all(['a', 'a', 'b', 'b', 'c', 'c'].map(lane));
  // Whoever looks at any six in a row while all are at work sees two of each.
  for (let i = 0; i + 6 <= 48; i++)
    expect(
      inside
        .slice(i, i + 6)
        .toSorted()
        .join(''),
    ).toBe('aabbcc');
});
