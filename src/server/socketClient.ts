// The client at the other end of a WebSocket: who it is, what it is at, and whether it still takes what it
// is sent. What it does not take waits in this process's memory, so one that takes nothing is left.

import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Viewer } from '../service/viewer.ts';
import type { Patience } from './patience.ts';
import type { Release } from './rates.ts';

/** After it, clients come back later. */
const TRY_AGAIN_LATER = 1013;
/** Bytes that may wait for a client, whatever its reasons: an answer of the largest cost and more. */
const MAX_WAITING = 16 * 1024 * 1024;
/** Milliseconds in which a client that is told to leave may say goodbye. */
const GOODBYE_MS = 2000;

export interface Client {
  /** null: it has not said yet. */
  viewer: Viewer | null;
  /** Aborts when it has left. */
  readonly signal: AbortSignal;
  /** Takes a place for an operation; false: there is none for it. */
  begin(id: string, release: Release | null): boolean;
  end(id: string): void;
}

export function openClient(socket: WebSocket, connection: Socket, patience: Patience): Client {
  const gone = new AbortController();
  const operations = new Map<string, Release>();
  let active = Date.now();
  let taken = 0;

  function leave(reason: string): void {
    socket.close(TRY_AGAIN_LATER, reason);
    // A full pipe has no room for a goodbye.
    setTimeout(() => socket.terminate(), GOODBYE_MS).unref();
  }

  function lookForProgress(): void {
    const now = connection.bytesWritten - connection.writableLength;
    if (socket.bufferedAmount > 0 && now === taken) leave('Too slow: try again later');
    taken = now;
  }

  function lookForUse(): void {
    if (operations.size === 0 && Date.now() - active >= patience.idle) leave('Idle');
  }

  const looks = [setInterval(lookForProgress, patience.slow), setInterval(lookForUse, patience.idle)];
  socket.on('message', () => {
    active = Date.now();
    // Answers to messages that come faster than their answers are taken.
    if (socket.bufferedAmount > MAX_WAITING) socket.terminate();
  });
  socket.once('close', () => {
    gone.abort();
    looks.forEach(clearInterval);
    for (const release of operations.values()) release();
    operations.clear();
  });

  return {
    viewer: null,
    signal: gone.signal,
    begin(id, release) {
      if (release === null) return false;
      if (gone.signal.aborted) release();
      else operations.set(id, release);
      return true;
    },
    end(id) {
      active = Date.now();
      operations.get(id)?.();
      operations.delete(id);
    },
  };
}
