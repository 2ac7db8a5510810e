// The story of a run for a component: whatever was told since it was last shown, at once.

import { startTransition, useEffect, useState } from 'react';
import { follow, type Journal, OF_SEARCHES, OF_TRAININGS } from '../api/follow.ts';
import type { Connection } from '../api/listen.ts';
import { tellCourse, UNTAUGHT } from './course.ts';
import { tell, UNTOLD } from './story.ts';

/** How events of a kind are folded to what is shown. */
interface Fold<S, E extends { readonly sequence: number }> {
  readonly journal: Journal<E>;
  readonly begin: S;
  readonly tell: (story: S, events: readonly E[]) => S;
}

interface Followed<S> {
  readonly story: S;
  readonly connection: Connection;
}

/** Milliseconds between two showings: people see no more, and the page stays at ease. */
const BETWEEN = 80;

const CONNECTING: Connection = { state: 'connecting' };

/** Follows from the first event on; of one run in a component's life (give it a key). */
function useFolded<S, E extends { readonly sequence: number }>(fold: Fold<S, E>, id: string): Followed<S> {
  const [followed, setFollowed] = useState<Followed<S>>({ story: fold.begin, connection: CONNECTING });
  useEffect(() => {
    const controller = new AbortController();
    let [story, connection, waiting]: [S, Connection, E[]] = [fold.begin, CONNECTING, []];
    let [frame, shown] = [0, 0];
    const show = (now: number): void => {
      frame = 0;
      if (now - shown < BETWEEN) return soon();
      shown = now;
      story = fold.tell(story, waiting);
      waiting = [];
      // Drawn in slices between frames, so that the page answers meanwhile.
      startTransition(() => setFollowed({ story, connection }));
    };
    function soon(): void {
      // A tab in the background has no frames: what it was told is folded when it is looked at again.
      frame ||= requestAnimationFrame(show);
    }
    void follow(
      fold.journal,
      id,
      0,
      {
        event(event) {
          waiting.push(event);
          soon();
        },
        connection(now) {
          connection = now;
          soon();
        },
      },
      controller.signal,
    );
    return () => {
      controller.abort();
      cancelAnimationFrame(frame);
    };
  }, [fold, id]);
  return followed;
}

const SEARCH = { journal: OF_SEARCHES, begin: UNTOLD, tell };
const TRAINING = { journal: OF_TRAININGS, begin: UNTAUGHT, tell: tellCourse };

export const useStory = (searchId: string) => useFolded(SEARCH, searchId);
export const useCourse = (trainingId: string) => useFolded(TRAINING, trainingId);
