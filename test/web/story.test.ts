import fc from 'fast-check';
import type { SearchEvent } from '../../web/src/api/follow.ts';
import { rateOf, type Story, tell, UNTOLD } from '../../web/src/live/story.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1) + 1000 * second).toISOString();

const evaluated = (
  sequence: number,
  { id = `a${sequence}`, reused = false, feasible = true, second = sequence, generation = 0 } = {},
): SearchEvent => ({
  __typename: 'ArchitectureEvaluated',
  sequence,
  at: at(second),
  generation,
  reused,
  architecture: {
    id,
    genotype: [sequence],
    macs: 100 * sequence,
    params: 10 * sequence,
    feasible,
    infeasibleReason: feasible ? null : 'too large',
    indicators: feasible
      ? [
          { name: 'JACOB_COV', value: sequence, log: null },
          { name: 'SYNFLOW', value: null, log: 700 + sequence },
        ]
      : [],
  },
});

const finished = (
  sequence: number,
  { generation = 0, ids = ['a1'] as readonly string[] } = {},
): SearchEvent => ({
  __typename: 'GenerationFinished',
  sequence,
  at: at(sequence),
  generation,
  population: {
    evaluations: sequence,
    hypervolume: sequence / 2,
    infeasible: 0,
    scale: { p1: { min: 0, max: 1 }, p2: { min: 2, max: 3 }, macs: { min: 4, max: 5 } },
    best: { individual: { architecture: { id: ids[0] ?? '' } } },
    members: ids.map((id, rank) => ({
      rank,
      crowding: rank === 0 ? null : 0.5,
      individual: { id: `individual ${id}`, born: 0, origin: 'RANDOM', architecture: { id } },
    })),
  },
});

const became = (sequence: number, status: Story['status'] & string, message?: string): SearchEvent => ({
  __typename: 'StatusChanged',
  sequence,
  at: at(sequence),
  status,
  failure: message === undefined ? null : { code: 'STORAGE_FULL', message },
});

/** Events as the service numbers them: 1, 2, 3, ... */
const anyEvents: fc.Arbitrary<readonly SearchEvent[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('evaluated', 'evaluated', 'evaluated', 'finished', 'became'),
      reused: fc.boolean(),
      feasible: fc.boolean(),
      generation: fc.nat(3),
      status: fc.constantFrom('RUNNING' as const, 'PAUSED' as const, 'COMPLETED' as const),
    }),
    { maxLength: 150 },
  )
  .map((all) =>
    all.map(({ kind, status, ...rest }, i) => {
      if (kind === 'evaluated') return evaluated(i + 1, rest);
      return kind === 'finished' ? finished(i + 1, rest) : became(i + 1, status);
    }),
  );

describe('tell', () => {
  test('a search from its start to its end', () => {
    const story = tell(UNTOLD, [
      became(1, 'RUNNING'),
      evaluated(2),
      evaluated(3, { feasible: false, reused: true }),
      finished(4, { ids: ['a2'] }),
      evaluated(5, { generation: 1 }),
      finished(6, { generation: 1, ids: ['a5', 'a2'] }),
      became(7, 'COMPLETED'),
    ]);
    expect(story).toMatchObject({ sequence: 7, status: 'COMPLETED', failure: null, reused: 1 });
    expect(story.scored.map(({ id, generation }) => [id, generation])).toEqual([
      ['a2', 0],
      ['a3', 0],
      ['a5', 1],
    ]);
    expect([...story.byId.values()]).toEqual(story.scored);
    expect(story.generations).toMatchObject([
      { generation: 0, evaluations: 4, hypervolume: 2, best: 'a2', members: [{ id: 'a2', rank: 0 }] },
      { generation: 1, evaluations: 6, hypervolume: 3, best: 'a5' },
    ]);
    expect(story.generations[0]?.scale).toEqual([
      { min: 0, max: 1 },
      { min: 2, max: 3 },
      { min: 4, max: 5 },
    ]);
  });

  test('SynFlow is known by its logarithm, and what is infeasible by its reason', () => {
    const { scored } = tell(UNTOLD, [evaluated(1), evaluated(2, { feasible: false })]);
    expect(scored).toMatchObject([
      { values: { JACOB_COV: 1, SYNFLOW: 701 }, raw: { JACOB_COV: 1, SYNFLOW: null }, reason: null },
      { values: {}, raw: {}, feasible: false, reason: 'too large' },
    ]);
  });

  test('why it failed is forgotten when it goes on', () => {
    const failed = tell(UNTOLD, [became(1, 'RUNNING'), became(2, 'PAUSED', 'the archive is full')]);
    expect(failed.failure).toEqual({ code: 'STORAGE_FULL', message: 'the archive is full' });
    const told = tell(failed, [evaluated(3)]);
    expect([told.status, told.failure]).toEqual(['PAUSED', failed.failure]);
    expect(tell(told, [became(4, 'RUNNING')])).toMatchObject({ status: 'RUNNING', failure: null });
  });

  test.each<readonly [string, readonly SearchEvent[]]>([
    ['nothing', []],
    ['the last event', [finished(3)]],
    ['an event before it', [evaluated(1)]],
    ['all of them', [became(1, 'RUNNING'), evaluated(2), finished(3)]],
    ['all but the first', [evaluated(2), finished(3)]],
    ['some of them twice', [evaluated(2), evaluated(2), evaluated(1), evaluated(2)]],
  ])('%s told again is the same story', (_, again) => {
    const story = tell(UNTOLD, [became(1, 'RUNNING'), evaluated(2), finished(3)]);
    expect(tell(story, again)).toBe(story);
  });

  test('what was told is passed over among news', () => {
    const story = tell(UNTOLD, [became(1, 'RUNNING'), evaluated(2), evaluated(3)]);
    const events = [evaluated(2), evaluated(3), evaluated(4), evaluated(3), evaluated(4), evaluated(5)];
    expect(tell(story, events).scored.map(({ id }) => id)).toEqual(['a2', 'a3', 'a4', 'a5']);
  });

  test('comes to the same however the events are split', () => {
    fc.assert(
      fc.property(anyEvents, fc.array(fc.nat(30)), (events, lengths) => {
        let [story, rest] = [UNTOLD, events];
        for (const length of [...lengths, events.length]) {
          story = tell(story, rest.slice(0, length));
          rest = rest.slice(length);
        }
        expect(story).toEqual(tell(UNTOLD, events));
      }),
    );
  });

  test('comes to the same however often a connection starts over', () => {
    fc.assert(
      fc.property(anyEvents, fc.array(fc.tuple(fc.nat(150), fc.nat(150))), (events, connections) => {
        let story = UNTOLD;
        for (const [from, length] of connections) {
          // As a client that missed nothing: it never begins after the next event.
          const first = Math.min(from, story.sequence);
          story = tell(story, events.slice(first, first + length));
        }
        expect(tell(story, events)).toEqual(tell(UNTOLD, events));
      }),
    );
  });

  test('counts what was in the archive, and changes nothing it was given', () => {
    fc.assert(
      fc.property(anyEvents, anyEvents, (before, events) => {
        const story = tell(UNTOLD, before);
        const copy = structuredClone(story);
        const told = tell(story, events);
        expect(story).toEqual(copy);
        expect(told.reused).toBe(told.scored.filter(({ reused }) => reused).length);
        expect(told.scored.length).toBeGreaterThanOrEqual(told.byId.size);
      }),
    );
  });

  test('parts of the story no news is about stay the very same', () => {
    const story = tell(UNTOLD, [evaluated(1), finished(2)]);
    expect(tell(story, [became(3, 'PAUSED')]).scored).toBe(story.scored);
    expect(tell(story, [became(3, 'PAUSED')]).byId).toBe(story.byId);
    expect(tell(story, [evaluated(3)]).generations).toBe(story.generations);
  });
});

describe('rateOf', () => {
  test.each<readonly [string, readonly SearchEvent[], number | null]>([
    ['nothing', [], null],
    ['two scores', [evaluated(1), evaluated(2)], null],
    ['three scores, one a second', [evaluated(1), evaluated(2), evaluated(3)], 1],
    ['scores four a second', [1, 2, 3, 4, 5].map((n) => evaluated(n, { second: n / 4 })), 4],
    ['scores of one moment', [1, 2, 3].map((n) => evaluated(n, { second: 0 })), null],
    ['what was in the archive', [1, 2, 3].map((n) => evaluated(n, { reused: true })), null],
    [
      'what was computed among what was not',
      [1, 2, 3, 4, 5].map((n) => evaluated(n, { reused: n % 2 === 0 })),
      0.5,
    ],
    [
      'the last 60 only',
      Array.from({ length: 100 }, (_, i) => evaluated(i + 1, { second: i < 40 ? i : 40 + (i - 40) / 10 })),
      10,
    ],
  ])('of %s', (_, events, expected) => {
    expect(rateOf(tell(UNTOLD, events))).toBe(expected);
  });
});
