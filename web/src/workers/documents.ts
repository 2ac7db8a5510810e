// What the view of workers asks the API.

import { graphql } from '../api/generated/index.ts';

export const WORKERS_CHANGED = graphql(`
  subscription WorkersChanged {
    workersChanged {
      id
      host
      backend
      adapter
      threads
      busy
      speed
      version
      numerics
      since
      lastSeen
    }
  }
`);

/** What searches that begin now are scored by. */
export const ENGINE = graphql(`
  query Engine {
    engine {
      numerics
    }
  }
`);
