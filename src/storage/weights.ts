// The weights of trainings, in files: an archive's documents are small, weights are not. A run has a folder, with
// the checkpoint of its last epoch (all that it needs to go on to the same bits) and the values of its best one. A
// file appears under its name only once it is whole and on the disk, and its name says the epoch: so the archive's
// record, stored after it, says which is valid, and what a crash leaves beside that is taken away later.

import { createHash } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { types } from 'node:util';
import { makeFolder } from '../folder.ts';
import { type ErrorCode, MedNasError } from '../search/errors.ts';
import { decodeLearning, encodeLearning, type Learning } from '../training/checkpoint.ts';
import { decodeTensors, encodeTensors, type TensorFile } from '../training/safetensors.ts';
import type { BestWeights, TrainingId, TrainingRecord } from './records.ts';

const KINDS = ['checkpoint', 'best'] as const;
type FileKind = (typeof KINDS)[number];

const FAILURES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOSPC: ['STORAGE_FULL', 'no space is left there. Free some, then resume the training'],
  EDQUOT: ['STORAGE_FULL', 'the disk quota is used up there. Free some, then resume the training'],
  EACCES: ['STORAGE_READ_ONLY', 'it may not be written there'],
  EROFS: ['STORAGE_READ_ONLY', 'it may not be written there'],
  ENOTDIR: ['STORAGE_READ_ONLY', 'a file is in the place of its folder'],
};

const codeOf = (error: unknown): string =>
  types.isNativeError(error) && 'code' in error ? String(error.code) : '';

const nameOf = (kind: FileKind, epoch: number): string => `${kind}-${epoch}.safetensors`;
const NAME = /^(?<kind>checkpoint|best)-(?<epoch>\d+)\.safetensors/u;

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeWhole(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder, name);
  const partial = `${path}.${process.pid}.partial`;
  try {
    await makeFolder(folder);
    const handle = await open(partial, 'w', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    const failure = FAILURES[codeOf(error)];
    if (failure === undefined) throw error;
    throw new MedNasError(failure[0], `The weights ${path} could not be written: ${failure[1]}.`, {
      cause: error,
    });
  }
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}

/** Where the weights of a run are that its record has: what a server sends and an export reads. */
export interface WeightsFile extends Pick<BestWeights, 'sha256' | 'bytes'> {
  readonly path: string;
}

export type Weights = ReturnType<typeof openWeights>;

/** `folder` is made when something is written to it. */
export function openWeights(folder: string) {
  const folderOf = (run: TrainingId): string => join(folder, run);
  const pathOf = (run: TrainingId, kind: FileKind, epoch: number): string =>
    join(folderOf(run), nameOf(kind, epoch));

  const fileOf = ({ id, best }: Pick<TrainingRecord, 'id' | 'best'>): WeightsFile | null =>
    best && { path: pathOf(id, 'best', best.epoch), sha256: best.sha256, bytes: best.bytes };

  return {
    folder,

    /** @throws MedNasError STORAGE_FULL, STORAGE_READ_ONLY */
    async writeCheckpoint(run: TrainingId, epoch: number, learning: Learning): Promise<void> {
      const bytes = encodeLearning(learning, { run, epoch: String(epoch) });
      await writeWhole(folderOf(run), nameOf('checkpoint', epoch), bytes);
    },

    /**
     * What a run had learned after an epoch; null: that is not in this folder.
     * @throws MedNasError STORAGE_CORRUPT
     */
    async readCheckpoint(run: TrainingId, epoch: number): Promise<Learning | null> {
      const path = pathOf(run, 'checkpoint', epoch);
      const bytes = await readIfThere(path);
      return bytes && decodeLearning(bytes, path);
    },

    /** @throws MedNasError STORAGE_FULL, STORAGE_READ_ONLY */
    async writeBest(
      run: TrainingId,
      epoch: number,
      file: TensorFile,
    ): Promise<Pick<BestWeights, 'sha256' | 'bytes'>> {
      const bytes = encodeTensors(file);
      await writeWhole(folderOf(run), nameOf('best', epoch), bytes);
      return { sha256: sha256Of(bytes), bytes: bytes.length };
    },

    /** The file of a run's best weights; null: none yet. Whether it is in this folder is another question. */
    fileOf,

    /**
     * A run's best weights, byte for byte those its record tells of.
     * @throws MedNasError INVALID_STATE: there are none, or not in this folder; STORAGE_CORRUPT
     */
    async readBest(record: Pick<TrainingRecord, 'id' | 'best'>): Promise<TensorFile> {
      const file = fileOf(record);
      if (file === null)
        throw new MedNasError('INVALID_STATE', 'This training has no weights yet: no epoch is finished.');
      const bytes = await readIfThere(file.path);
      if (bytes === null)
        throw new MedNasError(
          'INVALID_STATE',
          `The weights of this training are not on this machine: ${file.path} is missing. Copy it from where the ` +
            'training ran, or from wherever its folder was kept.',
        );
      if (sha256Of(bytes) !== file.sha256)
        throw new MedNasError('STORAGE_CORRUPT', `${file.path} has another content than its training wrote.`);
      return decodeTensors(bytes);
    },

    /** Takes away what the record of a run no longer needs: files of other epochs than these. */
    async prune(run: TrainingId, kept: Readonly<Record<FileKind, number | null>>): Promise<void> {
      const names = await readdir(folderOf(run)).catch(() => [] as string[]);
      for (const name of names) {
        const { kind, epoch } = NAME.exec(name)?.groups ?? {};
        const last = kept[kind as FileKind];
        // Later ones may be somebody else's who has taken over.
        if (epoch !== undefined && (last === null || Number(epoch) < last))
          await rm(join(folderOf(run), name), { force: true });
      }
    },

    remove: (run: TrainingId): Promise<void> => rm(folderOf(run), { recursive: true, force: true }),
  };
}
