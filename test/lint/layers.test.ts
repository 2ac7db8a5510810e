// Who may import whom, as ARCHITECTURE.md says it: the linter must refuse the rest. It judges one file a
// row, in a folder of the project's shape.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = [
  'search',
  'data',
  'metrics',
  'training',
  'engine',
  'learning',
  'queue',
  'storage',
  'export',
  'service',
  'schema',
  'resolvers',
  'server',
] as const;
type Folder = (typeof FOLDERS)[number];
const ABOVE = ['config.ts', 'compose.ts', 'main.ts', 'cli.ts', 'cli/search.ts'];

const MAY_IMPORT: Readonly<Record<Folder, readonly Folder[]>> = {
  search: [],
  data: ['search'],
  metrics: ['search'],
  training: ['search'],
  engine: ['search', 'metrics', 'training'],
  learning: ['search', 'data', 'metrics', 'training', 'engine'],
  queue: ['search', 'data', 'training', 'engine', 'learning'],
  storage: ['search', 'metrics', 'training'],
  export: ['search', 'training'],
  service: ['search', 'data', 'metrics', 'training', 'engine', 'learning', 'storage'],
  schema: ['search', 'metrics', 'training'],
  resolvers: ['search', 'metrics', 'schema', 'service'],
  server: ['search', 'service', 'resolvers'],
};

interface Row {
  readonly file: string;
  readonly code: string;
  readonly isLegal: boolean;
}

const importing = (folder: string, name: string, isLegal: boolean): Row => ({
  file: folder,
  code: `import { a } from '${name}';\nexport const b = a;\n`,
  isLegal,
});

/** In the folder itself and in one inside it. */
const both = (folder: Folder, path: string, isLegal: boolean): readonly Row[] => [
  importing(folder, `../${path}`, isLegal),
  importing(`${folder}/inner`, `../../${path}`, isLegal),
];

const between = FOLDERS.flatMap((folder) => [
  ...FOLDERS.filter((other) => other !== folder)
    .flatMap((other) => {
      const isLegal = MAY_IMPORT[folder].includes(other);
      return [...both(folder, `${other}/x.ts`, isLegal), ...both(folder, `${other}/deep/er/x.ts`, isLegal)];
    })
    .filter(({ code }) => folder !== 'resolvers' || !code.includes('/storage/')),
  importing(folder, './x.ts', true),
  importing(`${folder}/inner`, '../x.ts', true),
  ...ABOVE.flatMap((path) => both(folder, path, false)),
  ...['@tensorflow/tfjs-core', '@tensorflow/tfjs-core/dist/deep/er'].map((name) =>
    importing(folder, name, folder === 'engine'),
  ),
]);

const archive = [
  ...['archive.ts', 'records.ts'].flatMap((name) => both('resolvers', `storage/${name}`, true)),
  ...['documents.ts', 'sqlite.ts', 'mongo.ts', 'sql.ts', 'mql.ts', 'deep/er/x.ts'].flatMap((name) =>
    both('resolvers', `storage/${name}`, false),
  ),
];

const BUILTINS = builtinModules.filter((name) => !name.startsWith('node:') && !name.startsWith('_'));
const PURE = ['node:crypto', 'node:util'];

const pure = [
  ...[...BUILTINS, ...BUILTINS.map((name) => `node:${name}`), 'node:sqlite', 'node:test']
    .filter((name) => !PURE.includes(name))
    .map((name) => importing('search', name, false)),
  ...['mongoose', 'nothing', 'piscina', '@a/b'].map((name) => importing('search', name, false)),
  ...(
    [
      ["import { createHash } from 'node:crypto';\nexport const b = createHash;", true],
      ["import { inspect } from 'node:util';\nexport const b = inspect;", true],
      ["import { randomUUID } from 'node:crypto';\nexport const b = randomUUID;", false],
      ["import * as all from 'node:crypto';\nexport const b = all;", false],
      ["export const b = import('node:fs/promises');", false],
      ["export * from '../config.ts';", false],
      ["import type { A } from '../engine/engine.ts';\nexport type B = A;", false],
      ['export const b = Math.sqrt(2);', true],
      ['export const b = Math.random();', false],
      ['export const b = Date.now();', false],
      ['export const b = new Date();', false],
      ['export const b = performance.now();', false],
      ['export const b = globalThis.performance.now();', false],
      ['export const b = process.hrtime();', false],
      ['export const b = crypto.randomUUID();', false],
      ["export const b = fetch('x');", false],
    ] as const
  ).map(([code, isLegal]) => ({ file: 'search', code, isLegal })),
  ...['node:crypto', 'node:util', 'node:fs', 'fs', 'mongoose', '@a/b'].flatMap((name) => [
    importing('metrics', name, false),
    importing('training', name, false),
  ]),
  ...(
    [
      ["import type { A } from '../data/dataset.ts';\nexport type B = A;", true],
      ["import { type A, b } from '../data/dataset.ts';\nexport const c: A = b;", false],
      ["import type { A } from '../engine/engine.ts';\nexport type B = A;", false],
      ['export const b = Math.random();', false],
      ['export const b = Date.now();', false],
      ["export const b = fetch('x');", false],
    ] as const
  ).map(([code, isLegal]) => ({ file: 'metrics', code, isLegal })),
  ...(
    [
      ["import type { A } from '../data/dataset.ts';\nexport type B = A;", true],
      ["import { type A, b } from '../data/dataset.ts';\nexport const c: A = b;", false],
      ["import type { A } from '../metrics/measured.ts';\nexport type B = A;", false],
      ['export const b = Math.random();', false],
      ['export const b = Date.now();', false],
    ] as const
  ).map(([code, isLegal]) => ({ file: 'training', code, isLegal })),
];

const above: readonly Row[] = ['.', 'cli'].flatMap((folder) => [
  importing(folder, '@tensorflow/tfjs-core', false),
  ...FOLDERS.map((other) => importing(folder, `${folder === '.' ? '.' : '..'}/${other}/x.ts`, true)),
]);

const ROWS = [...between, ...archive, ...pure, ...above].map((row, i) => ({
  ...row,
  file: join('src', row.file, `row${i}.ts`),
}));

/** The files in which a rule about imports, or about what is not pure, is broken. */
function refusedFiles(): ReadonlySet<string> {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-'));
  try {
    copyFileSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    for (const { file, code } of ROWS) {
      mkdirSync(join(folder, dirname(file)), { recursive: true });
      writeFileSync(join(folder, file), code);
    }
    const script = `"${join(ROOT, 'node_modules/.bin/oxlint')}" --format json src || true`;
    const out = execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 });
    const { diagnostics } = JSON.parse(out) as {
      readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
    };
    return new Set(
      diagnostics.filter(({ code }) => code.includes('no-restricted-')).map(({ filename }) => filename),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the linter refuses what a folder may not import or do, and nothing else', () => {
  const refused = refusedFiles();
  const describe = ({ file, code }: Row): string => `${dirname(file)}: ${code.split('\n')[0] ?? ''}`;
  const verdicts = ROWS.map((row) => ({ row, isRefused: refused.has(row.file) }));
  const wrong = verdicts.filter(({ row, isRefused }) => isRefused === row.isLegal);
  expect(wrong.map(({ row }) => describe(row))).toEqual([]);
  expect(ROWS.filter(({ isLegal }) => isLegal).length).toBeGreaterThan(50);
});
