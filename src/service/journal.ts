// The events of a search or a training: appended with sequence numbers, read back from any of them. The archive is
// the truth and a wake-up only a hint, so a reader misses nothing and sees nothing twice, whether
// it reads what is stored or waits for what comes.

import { EventEmitter } from 'node:events';
import type { Archive } from '../storage/archive.ts';
import { type Stored, SupersededError } from '../storage/documents.ts';
import type { EventRecord, Happening, RunId, SearchStatus } from '../storage/records.ts';
import { type Kind, type RunRecord, searchesIn } from './kinds.ts';
import { type Observer, UNOBSERVED } from './observer.ts';

/** How many events a reader takes from the archive at a time. */
const CHUNK = 200;
/** Milliseconds after which a waiting reader looks again unprompted: another process may have written. */
const POLL_MS = 2000;

/** Statuses after which nothing happens any more. */
const FINAL: ReadonlySet<SearchStatus> = new Set(['completed', 'cancelled', 'failed']);
export const isFinal = (status: SearchStatus): boolean => FINAL.has(status);

/** Key of the event that ends a run: there is one, whoever writes it. */
export const END = 'status:end';

/** Key of the event that tells of a status, which the record has had since `version`. */
export const statusKey = (status: SearchStatus, version: number): string =>
  isFinal(status) ? END : `status:${version}`;

interface Written {
  readonly last: number;
  readonly isNew: boolean;
  /** Whoever wrote runs it no more. Those who write after it may be others. */
  readonly refusal?: SupersededError;
}

export type Journal = ReturnType<typeof openJournal>;

/** Of all runs of a kind: of searches unless said. */
export function openJournal(
  archive: Archive,
  now: () => Date,
  tell: Observer = UNOBSERVED,
  kind: Pick<Kind<RunRecord>, 'name' | 'find' | 'remove'> = searchesIn(archive),
) {
  const wakeUps = new EventEmitter().setMaxListeners(0);
  const tails = new Map<RunId, Promise<{ readonly last: number }>>();

  /** The sequence number of the last event once this one is stored, and whether it is new. */
  async function write(
    last: number,
    run: RunId,
    key: string,
    happening: Happening,
    fence: number | null,
  ): Promise<Written> {
    for (let sequence = last + 1; ; sequence++) {
      const record = { search: run, sequence, key, at: now().toISOString(), happening };
      try {
        if (await archive.addEvent(record, fence)) return { last: sequence, isNew: true };
      } catch (error) {
        if (error instanceof SupersededError) return { last: sequence - 1, isNew: false, refusal: error };
        throw error;
      }
      if (await archive.hasEvent(run, key)) return { last: sequence - 1, isNew: false };
    }
  }

  /**
   * Appends an event, in the order of calls; false when its key has been appended before.
   * @throws SupersededError when a newer fence than the writer's has been given out.
   */
  async function append(
    run: RunId,
    key: string,
    happening: Happening,
    fence: number | null = null,
  ): Promise<boolean> {
    const before = tails.get(run) ?? archive.lastEvent(run).then((event) => ({ last: event?.sequence ?? 0 }));
    const written = before.then(({ last }) => write(last, run, key, happening, fence));
    tails.set(run, written);
    const forget = (): void => {
      if (tails.get(run) === written) tails.delete(run);
    };
    try {
      const { isNew, refusal } = await written;
      if (key === END) forget();
      if (refusal !== undefined) throw refusal;
      if (isNew) tell({ type: 'event', kind: kind.name, run, happening: happening.type });
      if (isNew && happening.type === 'status') {
        const { status, failure } = happening;
        tell({ type: 'status', kind: kind.name, run, status, failure: failure?.code ?? null });
      }
      return isNew;
    } catch (error) {
      forget();
      throw error;
    } finally {
      wakeUps.emit(run);
    }
  }

  /**
   * Makes up for an event of the record's status that is missing; false when there may be news. Only a
   * record at rest stands at the version of its status; each is looked at once, `checked` being the last.
   */
  async function tellStatus({ version, body }: Stored<RunRecord>, checked: number): Promise<boolean> {
    const { status, failure } = body;
    if (!isFinal(status) && (status !== 'paused' || version === checked)) return true;
    const key = statusKey(status, version);
    if (isFinal(status) || !(await archive.hasEvent(body.id, key))) {
      await append(body.id, key, { type: 'status', status, failure });
      // Deleted meanwhile: then nothing of it is to be found, this neither.
      if ((await kind.find(body.id)) === null) await kind.remove(body.id);
    }
    return false;
  }

  return {
    append,

    /** It has been deleted: its readers look again, and find nothing. */
    forget(run: RunId): void {
      tails.delete(run);
      wakeUps.emit(run);
    },

    /** Events after a sequence number: those stored, then those to come; ends with the run or the signal. */
    async *follow(run: RunId, after: number, signal: AbortSignal): AsyncGenerator<EventRecord> {
      let sequence = after;
      let isOver = false;
      let checked = 0;
      while (!signal.aborted) {
        // From before it looks, so that nothing comes between.
        const bell = listen(wakeUps, run, signal);
        try {
          const events = await archive.events(run, sequence, CHUNK);
          for (const event of events) {
            if (signal.aborted) return;
            sequence = event.sequence;
            yield event;
            if (event.key === END) return;
          }
          if (events.length > 0) continue;
          if (isOver) return;
          const record = await kind.find(run);
          if (record === null) return;
          isOver = isFinal(record.body.status);
          // A crash after the record and before its event would leave readers waiting for it. What was
          // written since this reader looked, the end last, it sees when it looks once more.
          const isTold = await tellStatus(record, checked);
          checked = record.version;
          if (isTold) await bell.rung;
        } finally {
          bell.silence();
        }
      }
    },
  };
}

const NOTHING = (): void => undefined;

interface Bell {
  /** Resolves at the next wake-up, at the signal or after the polling interval. */
  readonly rung: Promise<void>;
  /** Ends the listening, which begins with the call. */
  readonly silence: () => void;
}

function listen(wakeUps: EventEmitter, run: RunId, signal: AbortSignal): Bell {
  let silence = NOTHING;
  const rung = new Promise<void>((resolve) => {
    silence = () => {
      clearTimeout(timer);
      wakeUps.off(run, silence);
      signal.removeEventListener('abort', silence);
      resolve();
    };
    const timer = setTimeout(silence, POLL_MS);
    wakeUps.on(run, silence);
    signal.addEventListener('abort', silence);
  });
  return { rung, silence };
}
