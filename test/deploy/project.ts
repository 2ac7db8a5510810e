// The project's files, as these tests read them.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const textOf = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');

/** With YAML's merge keys, as Compose reads it. */
// oxlint-disable-next-line typescript/no-explicit-any -- manifests are what the schemas say, not types
export const yamlOf = (path: string): any => parse(textOf(path), { merge: true });

export const PACKAGE = JSON.parse(textOf('package.json')) as {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
};
