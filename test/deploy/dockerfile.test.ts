// The Dockerfile: what it must keep to, whoever changes it.

import { validate, ValidationSeverity } from 'dockerfile-utils';
import { VARIABLES } from '../../src/config.ts';
import { contextFiles } from '../../deploy/replay/context.ts';
import {
  type Instruction,
  type InstructionName,
  type InstructionOf,
  readDockerfile,
  stagesFor,
} from '../../deploy/replay/dockerfile.ts';
import { PACKAGE, ROOT, textOf } from './project.ts';

const TEXT = textOf('Dockerfile');
const STAGES = readDockerfile(TEXT);
const TARGETS = ['service', 'gpu'] as const;

const all = <N extends InstructionName>(name: N, instructions: readonly Instruction[]) =>
  instructions.filter((one): one is Instruction & InstructionOf<N> => one.name === name);

/** What is told to a target's stage and to those it is made from, first to last. */
function lineage(target: string): readonly Instruction[] {
  const stage = STAGES.find(({ name }) => name === target);
  return stage === undefined ? [] : [...lineage(stage.from), ...stage.instructions];
}

const everywhere = STAGES.flatMap(({ instructions }) => instructions);

test('an engine’s own rules find no fault', () => {
  const faults = validate(TEXT).filter(({ severity }) => severity === ValidationSeverity.ERROR);
  expect(faults).toEqual([]);
});

test('the base is one image with an exact tag, with the Node.js that package.json pins', () => {
  const names = STAGES.map(({ name }) => name);
  const bases = STAGES.map(({ from }) => from).filter((from) => !names.includes(from));
  expect(bases).toEqual([`node:${PACKAGE.devDependencies['node']}-bookworm-slim`]);
});

test('a build without a target makes the service', () => {
  expect(STAGES.at(-1)?.name).toBe('service');
  expect(stagesFor(STAGES, 'service').map(({ name }) => name)).not.toContain('gpu');
});

test('its version is the package’s', () => {
  const labels = Object.fromEntries(all('LABEL', everywhere).flatMap(({ pairs }) => pairs));
  expect(labels['org.opencontainers.image.version']).toBe(PACKAGE.version);
});

describe.each(TARGETS)('target %s', (target) => {
  const told = lineage(target);

  test('runs as a user that is a number and not root', () => {
    expect(all('USER', told).at(-1)?.value).toMatch(/^[1-9]\d{4,}:[1-9]\d{4,}$/u);
    expect(told.findLastIndex(({ name }) => name === 'USER')).toBeGreaterThan(
      told.findLastIndex(({ name }) => name === 'RUN'),
    );
  });

  test('starts the command, and checks its health, without a shell', () => {
    const program = ['node', '/app/dist/cli.js'];
    expect(all('ENTRYPOINT', told).at(-1)?.command).toEqual(expect.arrayContaining(program));
    expect(all('CMD', told).at(-1)?.command).toEqual(['serve']);
    expect(all('HEALTHCHECK', told).at(-1)?.command).toEqual([...program, 'health']);
    expect(all('STOPSIGNAL', told).at(-1)?.value).toBe('SIGTERM');
  });

  test('writes to one volume alone, which is its user’s', () => {
    const env = Object.fromEntries(all('ENV', told).flatMap(({ pairs }) => pairs));
    expect(all('VOLUME', told).map(({ value }) => value)).toEqual([env['MEDNAS_DATA_DIR']]);
    expect(all('EXPOSE', told).map(({ value }) => value)).toEqual([env['PORT']]);
  });

  test('listens to others, and lets in nobody who has no key', () => {
    const env = Object.fromEntries(all('ENV', told).flatMap(({ pairs }) => pairs));
    expect(env).toMatchObject({ HOST: '0.0.0.0', MEDNAS_ANONYMOUS: 'off' });
  });

  test('takes from the build what runs, and of the context no more than data', () => {
    const own = STAGES.filter(({ name }) => !['base', 'build'].includes(name)).flatMap(
      (stage) => stage.instructions,
    );
    const sources = all('COPY', own).flatMap((copy) =>
      copy.flags['from'] === undefined ? copy.sources : [],
    );
    expect(sources).toEqual(['package.json', 'data']);
  });
});

test('ENV names what the configuration knows, or what NVIDIA’s toolkit does', () => {
  const known: readonly string[] = Object.values(VARIABLES).map(({ name }) => name);
  const names = all('ENV', everywhere).flatMap(({ pairs }) => pairs.map(([name]) => name));
  expect(names.filter((name) => !known.includes(name) && !name.startsWith('NVIDIA_'))).toEqual([]);
});

test('no secret is asked for or kept', () => {
  const pairs = [...all('ENV', everywhere), ...all('ARG', everywhere)].flatMap((one) => one.pairs);
  expect(pairs.filter((pair) => /secret|token|passw|key|mongodb_uri|:\/\//iu.test(pair.join('=')))).toEqual(
    [],
  );
});

test('paths are absolute where they are set, and narrow where they are copied', () => {
  for (const { value } of all('WORKDIR', everywhere)) expect(value).toMatch(/^\//u);
  for (const { sources } of all('COPY', everywhere))
    for (const source of sources) expect(source).not.toMatch(/^(\.|\/|\*|\.\/)$/u);
});

test('what is copied from the context is there, and nothing is there that is not copied', () => {
  const files = contextFiles(ROOT, textOf('.dockerignore'));
  const sources = all('COPY', everywhere).flatMap((copy) =>
    copy.flags['from'] === undefined ? copy.sources : [],
  );
  const isOf = (source: string) => (file: string) => file === source || file.startsWith(`${source}/`);
  expect(sources.filter((source) => !files.some(isOf(source)))).toEqual([]);
  expect(files.filter((file) => !sources.some((source) => isOf(source)(file)))).toEqual([]);
});

test('COPY --from names an earlier stage', () => {
  const unknown = STAGES.flatMap(({ instructions }, index) => {
    const earlier = STAGES.slice(0, index).map(({ name }) => name);
    const asked = all('COPY', instructions).flatMap(({ flags }) => flags['from'] ?? []);
    return asked.filter((from) => !earlier.includes(from));
  });
  expect(unknown).toEqual([]);
});

const scripts = all('RUN', everywhere).map(({ script }) => script);

test('what RUN fetches comes from a package manager', () => {
  for (const script of scripts) expect(script).not.toMatch(/\b(curl|wget|sudo)\b|\|\s*(ba)?sh\b/u);
});

test('Debian’s packages come without what they recommend, and their lists go', () => {
  const installs = scripts.filter((script) => script.includes('apt-get install'));
  expect(installs.length).toBeGreaterThan(0);
  for (const script of installs) {
    expect(script).toMatch(/^apt-get update && /u);
    expect(script).toMatch(/apt-get install -y --no-install-recommends/u);
    expect(script).toMatch(/&& rm -rf \/var\/lib\/apt\/lists\/\*$/u);
  }
});

test('npm installs what the lock file says, and runs no package’s script', () => {
  const npm = scripts.filter((script) => /\bnpm (i|ci|install|prune)\b/u.test(script));
  expect(npm[0]).toMatch(/^npm ci /u);
  for (const script of npm) expect(script).toContain('--ignore-scripts');
});

describe('what this project’s reader does not know, it refuses with the line', () => {
  test.each([
    ['FROM node:24 AS a\nADD x /x', /line 2: 'ADD'/u],
    ['FROM node:24 AS a\n\n# why\nCMD node x', /line 4: the exec form/u],
    ['FROM node:24 AS a\nHEALTHCHECK NONE', /line 2: HEALTHCHECK takes CMD/u],
    ['FROM node:24 AS a\nRUN <<EOF\nx\nEOF', /line 2: RUN/u],
    ['FROM node:24 AS a\nRUN ["x"]', /line 2: RUN/u],
    ['FROM node:24 AS a\nCOPY *.json ./', /line 2: COPY of a pattern/u],
    ['FROM node:24', /line 1: FROM/u],
    ['ARG A=1\nFROM node:24 AS a', /line 1: nothing is known here before FROM/u],
    ['FROM node:24 AS a\nRUN x \\', /line 2: the last line goes on/u],
  ])('%j', (text, says) => {
    expect(() => readDockerfile(text)).toThrow(says);
  });
});

test('lines that go on are one instruction, comments among them none', () => {
  const [stage] = readDockerfile('FROM x AS a\nENV A="1 2" \\\n# why\n  B=3\nRUN b \\\n  && c');
  expect(stage?.instructions).toMatchObject([
    {
      name: 'ENV',
      line: 2,
      pairs: [
        ['A', '1 2'],
        ['B', '3'],
      ],
    },
    { name: 'RUN', line: 5, script: 'b && c' },
  ]);
});
