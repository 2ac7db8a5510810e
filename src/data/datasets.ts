// The register: finds a set by its name (in the configured folders, the data folder, among the bundled
// files, and else on the web) or by the path of an .npz, makes sure it is what its name promises, and
// opens it.

import { basename, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MedNasError } from '../search/errors.ts';
import { type KnownSet, MEDMNIST } from './catalogue.ts';
import { findInside } from './confined.ts';
import type { Dataset } from './dataset.ts';
import { download, type Progress } from './download.ts';
import { type DataFile, dataFile, md5Of } from './file.ts';
import { openMedMnist } from './medmnist.ts';
import { codeOf } from './reason.ts';
import { publishersAnd, type Source } from './source.ts';
import { nearestName, nearestNames } from './spelling.ts';

/** Where a known set is now. A file is taken by its name here; its sum is checked when it is opened. */
type Location =
  | { readonly at: 'bundled' | 'disk'; readonly path: string; readonly bytes: number }
  | { readonly at: 'web'; readonly url: string };

export interface ListedSet {
  readonly set: KnownSet;
  readonly location: Location;
}

export interface Datasets {
  /** All known sets, in the catalogue's order. */
  list(): Promise<readonly ListedSet[]>;
  /**
   * Opens a set by name, or by path: whatever has a slash or ends in `.npz`. By name the file's MD5
   * must be the official one; by path there is no such check, and task and classes are derived from
   * the labels unless the file is, byte for byte, a known set under its own name.
   * UNKNOWN_DATASET, CORRUPT_DATASET, CHECKSUM_MISMATCH, DOWNLOAD_FAILED, STORAGE_FULL, STORAGE_READ_ONLY.
   */
  open(name: string): Promise<Dataset>;
  /** The file that `open` would read, to be passed on as it is. Fails likewise, but for what is in the file. */
  fileOf(name: string): Promise<DataFile>;
}

/** A set's file, and what it is known to be; null: what its labels say. */
interface Found {
  readonly file: DataFile;
  readonly set: KnownSet | null;
}

export interface DatasetsOptions {
  /** Searched first, in this order, for `<name>.npz`. */
  readonly folders: readonly string[];
  /** Searched next, and where downloads go. */
  readonly dataFolder: string;
  /** Whether a set that is not on disk may be downloaded. */
  readonly download: boolean;
  /** Whether files are opened in these folders alone, for those who ask are not the machine's own users. */
  readonly confined?: boolean;
  /** Where from; the catalogue's hosts unless given. */
  readonly mayFetch?: Source;
  /** Told at a download's start and at each chunk of it. */
  readonly onProgress?: (progress: Progress) => void;
  /** What has a name; MedMNIST unless given. */
  readonly known?: readonly KnownSet[];
}

/** As far below the root from dist/data as from src/data. */
const BUNDLED_FOLDER = fileURLToPath(new URL('../../data/', import.meta.url));

/** Whether `name` asks for a file by its path instead of a set by its name. */
export const isDatasetPath = (name: string): boolean =>
  name.includes('/') || name.includes(sep) || name.endsWith('.npz');

const shown = (name: string): string => JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}...` : name);

function unknown(name: string, advice: string, cause?: unknown): MedNasError {
  return new MedNasError('UNKNOWN_DATASET', `There is no dataset ${shown(name)}: ${advice}`, {
    field: 'dataset',
    cause,
  });
}

function unknownName(name: string, known: readonly KnownSet[]): MedNasError {
  const names = known.map((set) => set.name);
  const nearest = nearestName(name, names);
  const question = nearest === null ? '' : `Did you mean ${nearest}? `;
  return unknown(
    name,
    `${question}Nearest to it are ${nearestNames(name, names, 5).join(', ')}; 'mednas datasets' and the API's 'datasets' list all, and any .npz file is opened by its path.`,
  );
}

async function findByPathInside(
  name: string,
  folders: readonly string[],
  known: readonly KnownSet[],
): Promise<Found> {
  const path = await findInside(folders, name);
  if (path === null)
    throw unknown(name, 'the folders for datasets have no .npz file at that path. Names need no folder.');
  return await recognised(await dataFile(path, name), known);
}

async function recognised(file: DataFile, known: readonly KnownSet[]): Promise<Found> {
  const set = known.find((set) => `${set.name}.npz` === basename(file.path));
  const official = set !== undefined && (await md5Of(file)) === set.md5;
  return { file, set: official ? set : null };
}

async function findByPath(name: string, known: readonly KnownSet[]): Promise<Found> {
  if (name.includes('\0')) throw unknown(name, 'no path has the character NUL in it.');
  const set = known.find((set) => `${set.name}.npz` === basename(name));
  const file = await dataFile(resolve(name)).catch((error: unknown) => {
    if (error instanceof MedNasError) throw error;
    const byName = set === undefined ? '' : ` To open the known set, ask for ${set.name}.`;
    throw unknown(name, `no file can be found at that path (${codeOf(error)}).${byName}`, error);
  });
  return await recognised(file, known);
}

async function checkMd5(set: KnownSet, file: DataFile): Promise<void> {
  const sum = await md5Of(file);
  if (sum === set.md5) return;
  throw new MedNasError(
    'CHECKSUM_MISMATCH',
    `${file.path} is not the published ${set.name}: its MD5 is ${sum}, wanted ${set.md5}. ` +
      'Delete it to have the published file found or downloaded, or open it by its path to use it as it is.',
    { field: 'dataset' },
  );
}

export function openDatasets(options: DatasetsOptions): Datasets {
  const known = options.known ?? MEDMNIST;
  const folders = [...options.folders, options.dataFolder, BUNDLED_FOLDER];
  const inFlight = new Map<string, Promise<DataFile>>();

  async function find(set: KnownSet): Promise<{ readonly file: DataFile; readonly bundled: boolean } | null> {
    for (const folder of folders) {
      const file = await dataFile(join(folder, `${set.name}.npz`)).catch(() => null);
      if (file !== null) return { file, bundled: folder === BUNDLED_FOLDER };
    }
    return null;
  }

  async function obtain(set: KnownSet): Promise<DataFile> {
    const found = await find(set);
    if (found !== null) {
      await checkMd5(set, found.file);
      return found.file;
    }
    if (!options.download)
      throw new MedNasError(
        'DOWNLOAD_FAILED',
        `${set.name} is not on this machine, and downloads are switched off. Get it from ${set.url} and put it at ${join(options.dataFolder, `${set.name}.npz`)}.`,
        { field: 'dataset' },
      );
    const file = await dataFile(
      await download(set, {
        folder: options.dataFolder,
        mayFetch: options.mayFetch ?? publishersAnd([]),
        onProgress: options.onProgress ?? (() => undefined),
      }),
    );
    await checkMd5(set, file);
    return file;
  }

  /** Those who ask for one set at one time share one search, one sum and one download. */
  function obtainOnce(set: KnownSet): Promise<DataFile> {
    const started = inFlight.get(set.name);
    if (started !== undefined) return started;
    const work = obtain(set).finally(() => inFlight.delete(set.name));
    inFlight.set(set.name, work);
    return work;
  }

  async function look(name: string): Promise<Found> {
    if (isDatasetPath(name))
      return await (options.confined ? findByPathInside(name, folders, known) : findByPath(name, known));
    const set = known.find((set) => set.name === name);
    if (set === undefined) throw unknownName(name, known);
    return { file: await obtainOnce(set), set };
  }

  return {
    list: () =>
      Promise.all(
        known.map(async (set): Promise<ListedSet> => {
          const found = await find(set);
          if (found === null) return { set, location: { at: 'web', url: set.url } };
          const { path, size } = found.file;
          return { set, location: { at: found.bundled ? 'bundled' : 'disk', path, bytes: size } };
        }),
      ),
    async open(name) {
      const { file, set } = await look(name);
      return await openMedMnist(file, isDatasetPath(name) ? file.label : name, set);
    },
    fileOf: async (name) => (await look(name)).file,
  };
}
