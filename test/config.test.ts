import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter } from 'node:path';
import { loadConfig, readConfig, VARIABLES } from '../src/config.ts';

const DEFAULTS = {
  dataDir: '.mednas',
  mongodbUri: null,
  redisUrl: null,
  host: '127.0.0.1',
  port: 4000,
  backend: 'wasm',
  workers: Math.min(1024, availableParallelism()),
  datasetFolders: [],
  download: true,
  queue: null,
  api: null,
  apiKey: null,
  anonymous: null,
  hosts: [],
  jwks: null,
  jwtIssuer: null,
  jwtAudience: null,
  jwtRoleClaim: 'role',
  requests: 6000,
  subscriptions: 100,
  downloadHosts: [],
  searches: 4,
  maxEvaluations: null,
  maxSeconds: null,
  grace: 10,
  tracesTo: null,
  logLevel: 'info',
};

test('an empty environment gives the defaults', () => {
  expect(readConfig({})).toEqual(DEFAULTS);
});

test('empty variables count as missing: container files set them so', () => {
  const names = Object.values(VARIABLES).map(({ name }) => name);
  expect(readConfig(Object.fromEntries(names.map((name) => [name, ' '])))).toEqual(DEFAULTS);
});

test('what comes out cannot be changed', () => {
  const config = readConfig({ MEDNAS_DATASETS: '/a' });
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.datasetFolders)).toBe(true);
});

test.each([
  ['MEDNAS_DATA_DIR', '/var/lib/mednas', { dataDir: '/var/lib/mednas' }],
  ['MONGODB_URI', 'mongodb://db:27017/mednas', { mongodbUri: 'mongodb://db:27017/mednas' }],
  ['MONGODB_URI', 'mongodb+srv://u:p@db.example.org', { mongodbUri: 'mongodb+srv://u:p@db.example.org' }],
  ['REDIS_URL', 'redis://:secret@cache:6379/1', { redisUrl: 'redis://:secret@cache:6379/1' }],
  ['REDIS_URL', 'rediss://cache', { redisUrl: 'rediss://cache' }],
  ['HOST', '0.0.0.0', { host: '0.0.0.0' }],
  ['HOST', '::1', { host: '::1' }],
  ['HOST', 'nas.example.org', { host: 'nas.example.org' }],
  ['PORT', '0', { port: 0 }],
  ['PORT', '65535', { port: 65535 }],
  ['MEDNAS_BACKEND', 'auto', { backend: 'auto' }],
  ['MEDNAS_BACKEND', 'webgpu', { backend: 'webgpu' }],
  ['MEDNAS_WORKERS', '3', { workers: 3 }],
  ['MEDNAS_QUEUE', 'redis://u:p@redis:6379/2', { queue: 'redis://u:p@redis:6379/2' }],
  ['MEDNAS_QUEUE', 'rediss://redis', { queue: 'rediss://redis' }],
  ['MEDNAS_API', 'http://api:4000/', { api: 'http://api:4000/' }],
  ['MEDNAS_API_KEY', 'mednas_0a1b2c3d_x-y_z', { apiKey: 'mednas_0a1b2c3d_x-y_z' }],
  ['MEDNAS_DATASETS', ['/a', '/b c'].join(delimiter), { datasetFolders: ['/a', '/b c'] }],
  ['MEDNAS_DATASETS', delimiter, { datasetFolders: [] }],
  ['MEDNAS_DOWNLOAD', 'off', { download: false }],
  ['MEDNAS_ANONYMOUS', 'off', { anonymous: 'off' }],
  ['MEDNAS_ANONYMOUS', 'reader', { anonymous: 'reader' }],
  ['MEDNAS_HOSTS', 'NAS.example.org, nas', { hosts: ['nas.example.org', 'nas'] }],
  ['MEDNAS_JWT_ROLE_CLAIM', 'roles', { jwtRoleClaim: 'roles' }],
  ['MEDNAS_RATE_LIMIT', '60', { requests: 60 }],
  ['MEDNAS_SUBSCRIPTIONS', '1000', { subscriptions: 1000 }],
  ['MEDNAS_DOWNLOAD_HOSTS', 'mirror.example.org', { downloadHosts: ['mirror.example.org'] }],
  ['MEDNAS_SEARCHES', '1', { searches: 1 }],
  ['MEDNAS_MAX_EVALUATIONS', '2000', { maxEvaluations: 2000 }],
  ['MEDNAS_MAX_SECONDS', '3600', { maxSeconds: 3600 }],
  ['MEDNAS_GRACE', '60', { grace: 60 }],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://otel:4318', { tracesTo: 'http://otel:4318' }],
  ['MEDNAS_LOG_LEVEL', 'silent', { logLevel: 'silent' }],
])('%s=%s', (name, text, part) => {
  expect(readConfig({ [name]: text })).toEqual({ ...DEFAULTS, ...part });
});

test.each([
  ['PORT', '65536'],
  ['PORT', '-1'],
  ['PORT', '80.5'],
  ['PORT', '0x50'],
  ['PORT', '1e3'],
  ['PORT', 'http'],
  ['PORT', '99999999999999999999'],
  ['MEDNAS_BACKEND', 'cuda'],
  ['MEDNAS_WORKERS', '0'],
  ['MEDNAS_WORKERS', '1025'],
  ['MEDNAS_WORKERS', 'NaN'],
  ['MEDNAS_DOWNLOAD', 'true'],
  ['MEDNAS_MAX_SECONDS', '0'],
  ['MEDNAS_GRACE', '0'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'otel:4318'],
  ['MEDNAS_DOWNLOAD', 'ON'],
  ['MEDNAS_DOWNLOAD', 'constructor'],
  ['MEDNAS_LOG_LEVEL', 'verbose'],
  ['MEDNAS_ANONYMOUS', 'root'],
  ['MEDNAS_HOSTS', 'http://nas'],
  ['MEDNAS_JWKS_URL', 'http://keys.example.org/jwks.json'],
  ['MEDNAS_JWKS_URL', 'keys.json'],
  ['MEDNAS_RATE_LIMIT', '0'],
  ['MEDNAS_SUBSCRIPTIONS', 'all'],
  ['MEDNAS_DATA_DIR', 'a\0b'],
  ['HOST', 'http://localhost'],
  ['HOST', 'two words'],
])('%s=%s is refused, saying what was got and what is wanted', (name, text) => {
  const { wanted } = Object.values(VARIABLES).find((variable) => variable.name === name) ?? {};
  expect(() => readConfig({ [name]: text })).toThrow(
    expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(`${name} is ${wanted}; got '${text.replace('\0', '\\x00')}'`),
    }),
  );
});

test('all variables at fault are named at once', () => {
  const environment = { PORT: 'x', MEDNAS_WORKERS: 'y', MEDNAS_DOWNLOAD: 'z', HOST: 'localhost' };
  let message = '';
  try {
    readConfig(environment);
  } catch (error) {
    message = String(error);
  }
  expect(message.match(/(PORT|MEDNAS_WORKERS|MEDNAS_DOWNLOAD|HOST) is/g)).toEqual([
    'PORT is',
    'MEDNAS_WORKERS is',
    'MEDNAS_DOWNLOAD is',
  ]);
});

test.each(['postgres://user:hunter2@db', 'mongodb://', 'user:hunter2@db', 'mongodb:///x'])(
  'a MONGODB_URI that is none (%s) is refused without repeating it',
  (uri) => {
    expect(() => readConfig({ MONGODB_URI: uri })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
    expect(() => readConfig({ MONGODB_URI: uri })).toThrow('MONGODB_URI');
  },
);

test.each([
  'http://user:hunter2@cache',
  'redis://',
  'hunter2@cache',
  'redis:///0',
  'redis://u:hunter2@[cache',
])('a REDIS_URL that is none (%s) is refused without repeating it', (url) => {
  expect(() => readConfig({ REDIS_URL: url })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
  );
  expect(() => readConfig({ REDIS_URL: url })).toThrow('REDIS_URL');
});

test('every variable says what it decides, and its default is one it takes', () => {
  for (const variable of Object.values(VARIABLES)) {
    expect(variable.description.length).toBeGreaterThan(20);
    expect(variable.read(variable.byDefault)).not.toBeUndefined();
  }
});

test('README’s table is this one', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| `(\w+)` +\| (.+?) +\| (.+?) +\|$/gmu)].map((row) =>
    row.slice(1).map((cell) => cell.replaceAll('`', '')),
  );
  const variables = Object.values(VARIABLES);
  expect(rows).toEqual(
    variables.map(({ name, description, byDefault, defaultMeans = byDefault }) => [
      name,
      defaultMeans,
      description,
    ]),
  );
});

test('what a command line says goes before the environment', () => {
  expect(loadConfig({ MEDNAS_WORKERS: '7' }).workers).toBe(7);
  expect(() => loadConfig({ MEDNAS_WORKERS: 'many' })).toThrow('MEDNAS_WORKERS');
});

test('the key set of tokens needs their issuer and audience with it', () => {
  const jwks = { MEDNAS_JWKS_URL: 'https://sso.example.org/keys' };
  expect(() => readConfig(jwks)).toThrow(/MEDNAS_JWT_ISSUER and MEDNAS_JWT_AUDIENCE/u);
  const whole = { ...jwks, MEDNAS_JWT_ISSUER: 'sso', MEDNAS_JWT_AUDIENCE: 'mednas' };
  expect(readConfig(whole)).toMatchObject({ jwks: 'https://sso.example.org/keys', jwtIssuer: 'sso' });
});
