// What resolvers of one operation share.

import type { Service } from '../service/service.ts';
import type { Viewer } from '../service/viewer.ts';
import { type Loaders, openLoaders } from './loaders.ts';

export interface Context {
  readonly service: Service;
  readonly loaders: Loaders;
  /** Who asks. What they may not is refused before resolvers run. */
  readonly viewer: Viewer;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Takes the whole of an error of which the client is told a part. */
  readonly report: (error: unknown) => void;
}

export const openContext = (parts: Omit<Context, 'loaders'>): Context => ({
  ...parts,
  loaders: openLoaders(parts.service),
});
