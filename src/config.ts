// What the environment says, as one checked and frozen object. Nothing else reads the environment.

import { availableParallelism } from 'node:os';
import { delimiter } from 'node:path';
import { BACKEND_NAMES, type BackendChoice } from './engine/engine.ts';
import { MedNasError, shown } from './search/errors.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export interface Config {
  readonly dataDir: string;
  /** null: the archive is an SQLite file in `dataDir`. */
  readonly mongodbUri: string | null;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly backend: BackendChoice;
  readonly workers: number;
  readonly datasetFolders: readonly string[];
  readonly download: boolean;
  /** That run at the same time. */
  readonly searches: number;
  /** That a search may score; null: as many as the method allows. */
  readonly maxEvaluations: number | null;
  /** That a search may run; null: for as long as it takes. */
  readonly maxSeconds: number | null;
  /** Seconds between the signal to end and the end, at most. */
  readonly grace: number;
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

const MAX_WORKERS = 1024;
const BACKENDS: readonly BackendChoice[] = ['auto', ...BACKEND_NAMES];

/** Every variable, by the part of the configuration it decides. README's table is this one. */
export const VARIABLES: { readonly [K in keyof Config]: Variable<Config[K]> } = {
  dataDir: {
    name: 'MEDNAS_DATA_DIR',
    description: 'Folder of the archive (unless MONGODB_URI is set) and of downloaded datasets.',
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
  host: {
    name: 'HOST',
    description: 'Address to listen on. The API has no authentication: think before leaving the loopback.',
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
  searches: {
    name: 'MEDNAS_SEARCHES',
    description: 'Searches that run at the same time, sharing the workers; the others wait for their turn.',
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
    description: 'Seconds that a search may run, waiting and pauses left out: it is then paused.',
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
  if (faults.length > 0) {
    throw new MedNasError(
      'INVALID_ARGUMENT',
      `The environment cannot be used: ${faults.length > 1 ? '\n- ' : ''}${faults.join('\n- ')}`,
    );
  }
  return Object.freeze(Object.fromEntries(entries) as unknown as Config);
}

/** The configuration of this process; what `overrides` says goes before its environment. */
export const loadConfig = (overrides: Environment = {}): Config =>
  readConfig({ ...process.env, ...overrides });
