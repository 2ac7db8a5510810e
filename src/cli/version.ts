// Which MedNAS this is, as its package says.

import { readFileSync } from 'node:fs';

/** As far above src/cli as above dist/cli. */
const PACKAGE = new URL('../../package.json', import.meta.url);

export const readVersion = (): string =>
  (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string }).version;
