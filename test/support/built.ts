// The compiled command: `serve` does not run from its sources, for Node leaves decorators as they are.
// `npm test` has compiled it before; done again, nothing is written.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const pathOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export async function buildCommand(): Promise<string> {
  await promisify(execFile)(process.execPath, [
    pathOf('node_modules/typescript/bin/tsc'),
    '-p',
    pathOf('tsconfig.build.json'),
  ]);
  return pathOf('dist/cli.js');
}
