// Which MedNAS this is.

import { readFileSync } from 'node:fs';

/** As far above src as above dist. */
const PACKAGE = new URL('../package.json', import.meta.url);

export const VERSION = (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string }).version;
