// The image that a Dockerfile makes, without a container engine: every stage is a folder with what its steps
// put there, on top of a base that this machine stands for, and the settings its instructions leave.

import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { BASE_PATH, build, type Environment, type Settings } from './container.ts';
import type { InstructionName, InstructionOf, Stage } from './dockerfile.ts';

export interface Image extends Settings {
  /** What it holds, less the base. */
  readonly root: string;
  /** Of ARG: seen while it is built, not when it runs. */
  readonly args: Environment;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly health: readonly string[];
  readonly stopSignal: string;
  readonly volumes: readonly string[];
}

/** What instructions work with. */
export interface Site {
  /** The build context, as a folder that holds nothing else. */
  readonly context: string;
  /** Where stages become folders. */
  readonly folder: string;
  /** Variables of this machine that its builds need to reach the registry: engines pass proxies as well. */
  readonly network: Environment;
  readonly say: (line: string) => void;
}

type Images = ReadonlyMap<string, Image>;

/** Variables in a text: `$NAME` and `${NAME}`. */
const expand = (text: string, variables: Environment): string =>
  text.replaceAll(/\$(?:\{(\w+)\}|(\w+))/gu, (_, braced, bare) => variables[braced ?? bare] ?? '');

function copy(image: Image, step: InstructionOf<'COPY'>, from: string): void {
  const to = resolve(image.cwd, step.to);
  const isFolder = step.to.endsWith('/') || step.sources.length > 1;
  for (const source of step.sources) {
    const origin = join(from, resolve('/', source));
    const into = isFolder && statSync(origin).isFile() ? join(to, basename(source)) : to;
    const target = join(image.root, into);
    mkdirSync(dirname(target), { recursive: true });
    // As engines do: what is copied is root's, whoever had it here.
    execFileSync('cp', ['-aT', '--no-preserve=ownership', origin, target]);
  }
}

/** By name: the image after the instruction. Those without an effect on how it runs leave it as it is. */
const FOLLOW: {
  readonly [N in InstructionName]: (
    image: Image,
    step: InstructionOf<N>,
    site: Site,
    images: Images,
  ) => Image | Promise<Image>;
} = {
  ARG: (image, { pairs }) => ({ ...image, args: { ...image.args, ...Object.fromEntries(pairs) } }),
  ENV(image, { pairs }) {
    const known = { ...image.args, ...image.env };
    const added = pairs.map(([name, value]) => [name, expand(value, known)]);
    return { ...image, env: { ...image.env, ...Object.fromEntries(added) } };
  },
  COPY(image, step, { context }, images) {
    const stage = step.flags['from'];
    const from = stage === undefined ? context : images.get(stage)?.root;
    if (from === undefined) throw new Error(`COPY --from=${stage}: there is no such stage before.`);
    copy(image, step, from);
    return image;
  },
  async RUN(image, { script }, { network, say }) {
    if (/\bapt-get\b/u.test(script)) {
      say('    SKIPPED: Debian packages would go into the base, which is this machine here.');
      return image;
    }
    const env = { ...network, ...image.env, ...image.args, HOME: '/root' };
    const { code, output } = await build(image.root, script, { ...image, env });
    if (code !== 0) throw new Error(`RUN ended with code ${code}:\n${output}`);
    return image;
  },
  WORKDIR(image, { value }) {
    const cwd = resolve(image.cwd, value);
    mkdirSync(join(image.root, cwd), { recursive: true });
    return { ...image, cwd };
  },
  USER: (image, { value }) => ({ ...image, user: value }),
  VOLUME: (image, { value }) => ({ ...image, volumes: [...image.volumes, value] }),
  STOPSIGNAL: (image, { value }) => ({ ...image, stopSignal: value }),
  HEALTHCHECK: (image, { command }) => ({ ...image, health: command }),
  ENTRYPOINT: (image, { command }) => ({ ...image, entrypoint: command, cmd: [] }),
  CMD: (image, { command }) => ({ ...image, cmd: command }),
  EXPOSE: (image) => image,
  LABEL: (image) => image,
};

function follow<N extends InstructionName>(
  image: Image,
  step: InstructionOf<N>,
  site: Site,
  images: Images,
): Image | Promise<Image> {
  return FOLLOW[step.name](image, step, site, images);
}

const onBase = (root: string): Image => ({
  root,
  env: { PATH: BASE_PATH },
  args: {},
  cwd: '/',
  user: '0:0',
  entrypoint: [],
  cmd: [],
  health: [],
  stopSignal: 'SIGTERM',
  volumes: [],
});

/** How much of an instruction a line shows: its number says where the rest is. */
const WIDTH = 110;

const shown = (line: number, text: string): string => `${String(line).padStart(3)} ${text}`.slice(0, WIDTH);

/** The last of the stages, all of which are followed in turn. */
export async function buildImage(stages: readonly Stage[], site: Site): Promise<Image> {
  const images = new Map<string, Image>();
  let image: Image | undefined;
  for (const { name, from, instructions, line, text } of stages) {
    const root = join(site.folder, name);
    const parent = images.get(from);
    site.say(shown(line, text) + (parent ? '' : ' (for which this machine stands)'));
    if (parent) execFileSync('cp', ['-a', parent.root, root]);
    else mkdirSync(root, { mode: 0o755 });
    image = parent ? { ...parent, args: {}, root } : onBase(root);
    for (const step of instructions) {
      const began = performance.now();
      site.say(shown(step.line, step.text));
      image = await follow(image, step, site, images);
      const seconds = (performance.now() - began) / 1000;
      if (seconds > 1) site.say(`    ${seconds.toFixed(0)} s`);
    }
    images.set(name, image);
  }
  if (image === undefined) throw new Error('There is no stage to build.');
  return image;
}
