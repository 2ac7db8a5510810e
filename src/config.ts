// What the environment says, as one checked and frozen object. Nothing else reads the environment.

import { availableParallelism } from 'node:os';
import { delimiter } from 'node:path';
import { BACKEND_NAMES, type BackendChoice } from './engine/engine.ts';
import { MedNasError, shown } from './search/errors.ts';
import { type Role, ROLES } from './storage/keys.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export interface Config {
  readonly dataDir: string;
  /** null: the archive is an SQLite file in `dataDir`. */
  readonly mongodbUri: string | null;
  /** null: processes hear of each other by polling. */
  readonly redisUrl: string | null;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly backend: BackendChoice;
  readonly workers: number;
  readonly datasetFolders: readonly string[];
  readonly download: boolean;
  /** Redis through which workers are given jobs; null: this process scores. */
  readonly queue: string | null;
  /** Where a worker gets images that it has no dataset of, and the key it is let in by. */
  readonly api: string | null;
  readonly apiKey: string | null;
  /** null: everything on the loopback, else nothing. */
  readonly anonymous: Role | 'off' | null;
  /** Names of a proxy before the service. */
  readonly hosts: readonly string[];
  /** null: tokens let nobody in. */
  readonly jwks: string | null;
  readonly jwtIssuer: string | null;
  readonly jwtAudience: string | null;
  readonly jwtRoleClaim: string;
  /** Requests a minute, and operations that last, of one client. */
  readonly requests: number;
  readonly subscriptions: number;
  readonly downloadHosts: readonly string[];
  /** That run at the same time. */
  readonly searches: number;
  /** That a search may score; null: as many as the method allows. */
  readonly maxEvaluations: number | null;
  /** That a search may run; null: for as long as it takes. */
  readonly maxSeconds: number | null;
  /** Seconds between the signal to end and the end, at most. */
  readonly grace: number;
  /** null: traces are not made. */
  readonly tracesTo: string | null;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Variable<T> {
  readonly name: string;
  /** For people: what it decides. */
  readonly description: string;
  /** For people: what it may be. */
  readonly wanted: string;
  /** Text that is read when the variable is missing or empty. */
  readonly byDefault: string;
  /** For people, where the default's text does not speak for itself. */
  readonly defaultMeans?: string;
  /** Its text is never shown: it may hold a password. */
  readonly secret?: true;
  /** undefined: the text is not what is wanted. */
  read(text: string): T | undefined;
}

const integer =
  (min: number, max: number) =>
  (text: string): number | undefined => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  };

/** Names of machines, separated by commas. */
const hosts = (text: string): readonly string[] | undefined => {
  const names = text.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim().toLowerCase()]));
  return names.every((name) => /^[\w.-]+$/.test(name)) ? Object.freeze(names) : undefined;
};

const httpAddress = (text: string): string | null | undefined =>
  text === '' ? null : /^https?:\/\/[^/]/.test(text) && URL.canParse(text) ? text : undefined;

/** https keeps others from putting their keys in place of the provider's. */
const isKeySet = (text: string): boolean =>
  URL.canParse(text) && ['https:', 'file:'].includes(new URL(text).protocol);

const ANONYMOUS = ['off', ...ROLES] as const;
const MAX_WORKERS = 1024;
const BACKENDS: readonly BackendChoice[] = ['auto', ...BACKEND_NAMES];

/** Every variable, by the part of the configuration it decides. README's table is this one. */
export const VARIABLES: { readonly [K in keyof Config]: Variable<Config[K]> } = {
  dataDir: {
    name: 'MEDNAS_DATA_DIR',
    description:
      'Folder of the archive (unless MONGODB_URI is set), of downloaded datasets and of trained weights.',
    wanted: 'a path',
    byDefault: '.mednas',
    read: (text) => (text.includes('\0') ? undefined : text),
  },
  mongodbUri: {
    name: 'MONGODB_URI',
    description: 'MongoDB database that holds the archive in place of an SQLite file.',
    wanted: 'an address that begins with mongodb:// or mongodb+srv://',
    byDefault: '',
    defaultMeans: 'none: SQLite',
    secret: true,
    read: (text) => (text === '' ? null : /^mongodb(\+srv)?:\/\/[^/]/.test(text) ? text : undefined),
  },
  redisUrl: {
    name: 'REDIS_URL',
    description:
      'Redis by which processes that share an archive tell each other at once that there are events.',
    wanted: 'an address that begins with redis:// or rediss://',
    byDefault: '',
    defaultMeans: 'none: every 2 s',
    secret: true,
    read: (text) =>
      text === '' ? null : /^rediss?:\/\/[^/]/.test(text) && URL.canParse(text) ? text : undefined,
  },
  host: {
    name: 'HOST',
    description: 'Address to listen on. Beyond the loopback, clients need a key: see Security.',
    wanted: 'a host name or an IP address',
    byDefault: '127.0.0.1',
    read: (text) => (/^[\w.:%-]+$/.test(text) ? text : undefined),
  },
  port: {
    name: 'PORT',
    description: 'Port to listen on; 0 takes any free one.',
    wanted: 'an integer from 0 to 65535',
    byDefault: '4000',
    read: integer(0, 65_535),
  },
  backend: {
    name: 'MEDNAS_BACKEND',
    description: 'What scores are computed on; auto takes a real GPU where there is one, else wasm.',
    wanted: `one of ${BACKENDS.join(', ')}`,
    byDefault: 'wasm',
    read: (text) => BACKENDS.find((name) => name === text),
  },
  workers: {
    name: 'MEDNAS_WORKERS',
    description: 'Threads that score architectures, one on a GPU. Scores do not depend on it.',
    wanted: `an integer from 1 to ${MAX_WORKERS}`,
    byDefault: String(Math.min(MAX_WORKERS, availableParallelism())),
    defaultMeans: 'one for each core',
    read: integer(1, MAX_WORKERS),
  },
  datasetFolders: {
    name: 'MEDNAS_DATASETS',
    description: `Folders that are searched first for <dataset>.npz, separated by '${delimiter}'.`,
    wanted: `paths separated by '${delimiter}'`,
    byDefault: '',
    defaultMeans: 'none',
    read: (text) =>
      text.includes('\0') ? undefined : Object.freeze(text.split(delimiter).filter((path) => path !== '')),
  },
  download: {
    name: 'MEDNAS_DOWNLOAD',
    description: 'Whether a MedMNIST set that is not on disk is downloaded from its official address.',
    wanted: 'on or off',
    byDefault: 'on',
    read: (text) => (text === 'on' ? true : text === 'off' ? false : undefined),
  },
  queue: {
    name: 'MEDNAS_QUEUE',
    description: 'Redis through which workers (mednas worker) are given what is to be scored and trained.',
    wanted: 'an address that begins with redis:// or rediss://',
    byDefault: '',
    defaultMeans: 'none: this process does it',
    secret: true,
    read: (text) =>
      text === '' ? null : /^rediss?:\/\/[^/]/.test(text) && URL.canParse(text) ? text : undefined,
  },
  api: {
    name: 'MEDNAS_API',
    description: 'The service that a worker gets images from when it has no such dataset.',
    wanted: 'an address that begins with http:// or https://',
    byDefault: '',
    defaultMeans: 'none',
    read: httpAddress,
  },
  apiKey: {
    name: 'MEDNAS_API_KEY',
    description: 'Key, of an operator, that a worker is let in by there.',
    wanted: 'a key of `mednas keys create`',
    byDefault: '',
    defaultMeans: 'none',
    secret: true,
    read: (text) => (text === '' ? null : /^[\w.~+/=-]+$/.test(text) ? text : undefined),
  },
  anonymous: {
    name: 'MEDNAS_ANONYMOUS',
    description: 'What those without a key may do.',
    wanted: `one of ${ANONYMOUS.join(', ')}`,
    byDefault: '',
    defaultMeans: 'admin on the loopback, else off',
    read: (text) => (text === '' ? null : ANONYMOUS.find((name) => name === text)),
  },
  hosts: {
    name: 'MEDNAS_HOSTS',
    description: 'Names of the service beside the loopback, such as that of a proxy before it.',
    wanted: "host names separated by ','",
    byDefault: '',
    defaultMeans: 'none',
    read: hosts,
  },
  jwks: {
    name: 'MEDNAS_JWKS_URL',
    description: 'JSON Web Key Set whose tokens let in whom they name; the next two are needed with it.',
    wanted: 'an address that begins with https:// or file:///',
    byDefault: '',
    defaultMeans: 'none',
    read: (text) => (text === '' ? null : isKeySet(text) ? text : undefined),
  },
  jwtIssuer: {
    name: 'MEDNAS_JWT_ISSUER',
    description: 'Who has to have issued a token (iss).',
    wanted: 'a text',
    byDefault: '',
    defaultMeans: 'none',
    read: (text) => text || null,
  },
  jwtAudience: {
    name: 'MEDNAS_JWT_AUDIENCE',
    description: 'For whom a token has to be (aud).',
    wanted: 'a text',
    byDefault: '',
    defaultMeans: 'none',
    read: (text) => text || null,
  },
  jwtRoleClaim: {
    name: 'MEDNAS_JWT_ROLE_CLAIM',
    description: 'Claim of a token that has the role: its name, or a list with it.',
    wanted: 'a text',
    byDefault: 'role',
    read: (text) => text,
  },
  requests: {
    name: 'MEDNAS_RATE_LIMIT',
    description: 'Requests that one client may make in a minute.',
    wanted: 'an integer from 1 to 999999999',
    byDefault: '6000',
    read: integer(1, 999_999_999),
  },
  subscriptions: {
    name: 'MEDNAS_SUBSCRIPTIONS',
    description: 'Subscriptions that one client may have at a time.',
    wanted: 'an integer from 1 to 100000',
    byDefault: '100',
    read: integer(1, 100_000),
  },
  downloadHosts: {
    name: 'MEDNAS_DOWNLOAD_HOSTS',
    description: "Hosts that downloads may be redirected to, beside the catalogue's.",
    wanted: "host names separated by ','",
    byDefault: '',
    defaultMeans: 'none',
    read: hosts,
  },
  searches: {
    name: 'MEDNAS_SEARCHES',
    description:
      'Searches and trainings that run at a time, sharing the workers; the others wait for their turn.',
    wanted: 'an integer from 1 to 1000',
    byDefault: '4',
    read: integer(1, 1000),
  },
  maxEvaluations: {
    name: 'MEDNAS_MAX_EVALUATIONS',
    description: 'Architectures that a search may score: a larger one is refused.',
    wanted: 'an integer from 1 to 999999999',
    byDefault: '',
    defaultMeans: 'no limit',
    read: (text) => (text === '' ? null : integer(1, 999_999_999)(text)),
  },
  maxSeconds: {
    name: 'MEDNAS_MAX_SECONDS',
    description: 'Seconds that a search or training may run, waiting and pauses left out: it is then paused.',
    wanted: 'an integer from 1 to 999999999',
    byDefault: '',
    defaultMeans: 'no limit',
    read: (text) => (text === '' ? null : integer(1, 999_999_999)(text)),
  },
  grace: {
    name: 'MEDNAS_GRACE',
    description: 'Seconds that the service takes to end when it is told to, at most: what hangs is then cut.',
    wanted: 'an integer from 1 to 3600',
    byDefault: '10',
    read: integer(1, 3600),
  },
  tracesTo: {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    description: 'OpenTelemetry collector that traces are sent to, by OTLP over HTTP.',
    wanted: 'an address that begins with http:// or https://',
    byDefault: '',
    defaultMeans: 'none',
    read: httpAddress,
  },
  logLevel: {
    name: 'MEDNAS_LOG_LEVEL',
    description: 'The least severe messages that are logged.',
    wanted: `one of ${LOG_LEVELS.join(', ')}`,
    byDefault: 'info',
    read: (text) => LOG_LEVELS.find((level) => level === text),
  },
};

/**
 * The configuration that an environment describes. Empty variables count as missing.
 * @throws MedNasError INVALID_ARGUMENT that lists every variable at fault.
 */
export function readConfig(environment: Environment): Config {
  const faults: string[] = [];
  const entries = Object.entries(VARIABLES).map(([key, variable]) => {
    const { name, wanted, byDefault, secret } = variable;
    const text = environment[name]?.trim() || byDefault;
    const value: unknown = variable.read(text);
    if (value === undefined)
      faults.push(`${name} is ${wanted}; got ${secret ? 'another text' : shown(text)}.`);
    return [key, value];
  });
  const config = Object.fromEntries(entries) as unknown as Config;
  if (faults.length === 0 && config.jwks !== null && !(config.jwtIssuer && config.jwtAudience)) {
    faults.push(
      'MEDNAS_JWKS_URL needs MEDNAS_JWT_ISSUER and MEDNAS_JWT_AUDIENCE: without them, tokens meant for others would let in.',
    );
  }
  if (faults.length > 0) {
    throw new MedNasError(
      'INVALID_ARGUMENT',
      `The environment cannot be used: ${faults.length > 1 ? '\n- ' : ''}${faults.join('\n- ')}`,
    );
  }
  return Object.freeze(config);
}

/** The configuration of this process; what `overrides` says goes before its environment. */
export const loadConfig = (overrides: Environment = {}): Config =>
  readConfig({ ...process.env, ...overrides });
