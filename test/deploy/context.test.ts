// What .dockerignore lets into the build context.

import { readRules } from '../../deploy/replay/context.ts';
import { textOf } from './project.ts';

test.each([
  ['', 'a/b', true],
  ['a', 'a', false],
  ['a', 'b/a', true],
  ['a', 'a/b/c', false],
  ['*', 'a/b', false],
  ['*\n!a', 'a/b', true],
  ['*\n!a\na/b', 'a/b/c', false],
  ['*\n!a\na/b\n!a/b/c', 'a/b/c', true],
  ['*.md', 'a.md', false],
  ['*.md', 'a/b.md', true],
  ['**/*.md', 'a/b.md', false],
  ['**/*.md', 'b.md', false],
  ['/a/', 'a/b', false],
  ['# a\n\n  a  ', 'a', false],
  ['a?c', 'abc', false],
  ['a.c', 'abc', true],
])('%j of %s: %s', (rules, path, isLet) => {
  expect(readRules(rules)(path)).toBe(isLet);
});

test.each([
  '.git/config',
  '.env',
  '.env.example',
  'node_modules/x/index.js',
  'dist/cli.js',
  'build/kernels/simd.wasm',
  '.mednas/archive.sqlite',
  'test/config.test.ts',
  'shared/x',
  'README.md',
  'web/src/api/generated/graphql.ts',
])('%s stays out', (path) => {
  expect(readRules(textOf('.dockerignore'))(path)).toBe(false);
});
