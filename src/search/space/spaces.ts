// The search spaces there are. A new one is one file and one line here.

import { mstf } from './mstf.ts';
import type { SearchSpace } from './space.ts';

export const SPACES: Readonly<Record<string, SearchSpace>> = { mstf };
