// Commands in a root folder, as a container engine runs them: see container.sh.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, realpathSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('container.sh', import.meta.url));

/** The Node.js that runs this stands for the base image's. */
const NODE = realpathSync(process.execPath);

/** Where container.sh puts it; the rest is what official images have. */
export const BASE_PATH = '/opt/node:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export type Environment = Readonly<Record<string, string>>;

/** What is known of how a command is to run. */
export interface Settings {
  readonly env: Environment;
  readonly cwd: string;
  /** As USER says: numbers, `uid:gid`. */
  readonly user: string;
}

/** Its user's rights and no way to more: no capabilities, no set-user-id programs. */
function unprivileged({ user, cwd }: Settings, command: readonly string[]): readonly string[] {
  const [uid = '', gid = uid] = user.split(':');
  const rights = [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--bounding-set=-all',
    '--inh-caps=-all',
  ];
  return ['setpriv', ...rights, '--no-new-privs', 'env', '-C', cwd, ...command];
}

const unshare = (args: readonly string[], env: Environment): ChildProcess =>
  spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', SCRIPT, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });

export interface Ended {
  readonly code: number | null;
  /** stdout and stderr, as they came. */
  readonly output: string;
}

async function ended(child: ChildProcess): Promise<Ended> {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/** A build step: as root, on a tree it may write to. */
export const build = (root: string, script: string, { env, cwd }: Settings): Promise<Ended> =>
  ended(unshare([root, NODE, 'rw', '--', 'env', '-C', cwd, 'sh', '-c', script], env));

export interface Container {
  /** Outside its process namespace. */
  readonly pid: number;
  readonly exited: Promise<Ended>;
  readonly hasEnded: () => boolean;
  /** Another command in it, as `docker exec` and health checks run one. */
  exec(command: readonly string[], env?: Environment): Promise<Ended>;
}

/**
 * The image as it is run: its user, a read-only tree, one volume. What is executed in it before its command
 * answers may find it half made.
 */
export async function start(
  root: string,
  volume: { readonly folder: string; readonly at: string },
  settings: Settings,
  command: readonly string[],
): Promise<Container> {
  const args = [root, NODE, 'ro', volume.folder, volume.at, '--', ...unprivileged(settings, command)];
  const child = unshare(args, settings.env);
  const exited = ended(child);
  await once(child, 'spawn');
  const pid = await firstChild(child);
  return {
    pid,
    exited,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    exec: (other, env = settings.env) =>
      ended(
        spawn(
          'nsenter',
          [`--target=${pid}`, '--mount', '--pid', '--root', ...unprivileged(settings, other)],
          { env, stdio: ['ignore', 'pipe', 'pipe'] },
        ),
      ),
  };
}

const children = (pid: number): string => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');

/** The container's first process. It is the same through all that container.sh turns into. */
async function firstChild(child: ChildProcess): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const [first] = child.pid === undefined || child.exitCode !== null ? [] : children(child.pid).split(' ');
    if (first) return Number(first);
    await setTimeout(20);
  }
  throw new Error('the container did not start.');
}
