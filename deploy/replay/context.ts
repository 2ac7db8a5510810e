// The build context: what of the working tree .dockerignore lets through, by the rules engines keep. The last
// pattern that matches a path, or a folder above it, decides.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

interface Rule {
  readonly lets: boolean;
  readonly matches: (path: string) => boolean;
}

/** `*` and `?` stop at a slash, `**` does not. */
function toRegExp(pattern: string): RegExp {
  const source = pattern.replace(/^\/|\/$/gu, '').replaceAll(/\*\*\/?|\*|\?|[.+^${}()|[\]\\]/gu, (part) => {
    if (part.startsWith('**')) return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : `\\${part}`;
  });
  return new RegExp(`^${source}$`, 'u');
}

/** The path itself, and the folders it is in. */
const upwards = (path: string): readonly string[] =>
  path.split('/').map((_, depth, parts) => parts.slice(0, depth + 1).join('/'));

export function readRules(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line): Rule => {
      const lets = line.startsWith('!');
      const expression = toRegExp(lets ? line.slice(1) : line);
      return { lets, matches: (path) => upwards(path).some((part) => expression.test(part)) };
    });
  return (path) => rules.findLast(({ matches }) => matches(path))?.lets ?? true;
}

/** The files of `root` that get in, by path from there. */
export function contextFiles(root: string, ignoreText: string): readonly string[] {
  const isLet = readRules(ignoreText);
  // A folder that is kept out may hold what a later rule lets in; of ours none does, and node_modules is large.
  const walk = (folder: string): readonly string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (!isLet(path)) return [];
      return entry.isDirectory() ? walk(path) : [path];
    });
  return walk('').toSorted();
}
