// The story of a search for a component: whatever was told since it was last shown, at once.

import { startTransition, useEffect, useState } from 'react';
import { type Connection, follow, type SearchEvent } from '../api/follow.ts';
import { type Story, tell, UNTOLD } from './story.ts';

export interface Followed {
  readonly story: Story;
  readonly connection: Connection;
}

/** Milliseconds between two showings: people see no more, and the page stays at ease. */
const BETWEEN = 80;

const START: Followed = { story: UNTOLD, connection: { state: 'connecting' } };

/** Follows from the first event on; of one search in a component's life (give it a key). */
export function useStory(searchId: string): Followed {
  const [followed, setFollowed] = useState(START);
  useEffect(() => {
    const controller = new AbortController();
    let [story, connection, waiting, frame]: [Story, Connection, SearchEvent[], number] = [
      UNTOLD,
      START.connection,
      [],
      0,
    ];
    let shown = 0;
    const show = (now: number): void => {
      frame = 0;
      if (now - shown < BETWEEN) return soon();
      shown = now;
      story = tell(story, waiting);
      waiting = [];
      // Drawn in slices between frames, so that the page answers meanwhile.
      startTransition(() => setFollowed({ story, connection }));
    };
    function soon(): void {
      // A tab in the background has no frames: what it was told is folded when it is looked at again.
      frame ||= requestAnimationFrame(show);
    }
    void follow(
      searchId,
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
  }, [searchId]);
  return followed;
}
