// `npm run replay-image [-- target]`: follows the Dockerfile without a container engine, from the files its
// build context would hold to a service that runs confined, and tries that. Needs root, for its mounts.
//
// What it cannot show: that the base image has what this machine has, and what apt-get would install.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from './container.ts';
import { contextFiles } from './context.ts';
import { readDockerfile, stagesFor } from './dockerfile.ts';
import { buildImage } from './image.ts';
import { tryImage } from './trial.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** How this machine reaches the registry; nothing else of its environment gets in. */
const NETWORK = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS', 'npm_config_registry'];

const network: Environment = Object.fromEntries(
  NETWORK.flatMap((name) => [name, name.toLowerCase()]).flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  }),
);

const began = performance.now();
function say(line: string): void {
  const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(4);
  process.stdout.write(`${seconds} s  ${line}\n`);
}

/** Copies the build context to a folder of its own. @throws Error when a file in it is only this checkout's. */
function layOut(context: string): void {
  const files = contextFiles(ROOT, read('.dockerignore'));
  const ignored = execFileSync(
    'git',
    ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory'],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  ).split('\n');
  const ours = files.filter((file) => ignored.some((path) => path !== '' && file.startsWith(path)));
  if (ours.length > 0) throw new Error(`.dockerignore lets in what git ignores: ${ours.join(', ')}`);
  for (const file of files) {
    mkdirSync(dirname(join(context, file)), { recursive: true });
    cpSync(join(ROOT, file), join(context, file));
  }
  say(`context: ${files.length} files`);
}

async function replay(target: string, folder: string): Promise<void> {
  const context = join(folder, 'context');
  mkdirSync(context);
  layOut(context);
  const stages = stagesFor(readDockerfile(read('Dockerfile')), target);
  const image = await buildImage(stages, { context, folder, network, say });
  say(
    `image: ${execFileSync('du', ['-sh', image.root], { encoding: 'utf8' }).split('\t')[0]} on top of the base`,
  );

  // As engines do with a new volume: it begins as what the image has there, owner and mode included.
  const volume = join(folder, 'volume');
  execFileSync('cp', ['-a', join(image.root, image.volumes[0] ?? ''), volume]);
  await tryImage({ image, volume, say });
}

if (process.getuid?.() !== 0) {
  process.stderr.write(
    'Needs root, or `unshare --user --map-root-user --map-auto` before it: it mounts folders.\n',
  );
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'mednas-image-'));
try {
  await replay(process.argv[2] ?? 'service', folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
