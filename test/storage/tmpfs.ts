// Small file systems in memory, to be filled or made read-only. Only root on Linux can mount them.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Tmpfs {
  readonly folder: string;
  makeReadOnly(): void;
  unmount(): void;
}

function mount(...args: readonly string[]): boolean {
  return spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
}

function open(size: string): Tmpfs | null {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-tmpfs-'));
  const unmount = (): void => {
    spawnSync('umount', ['--lazy', folder]);
    rmdirSync(folder);
  };
  if (!mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder)) {
    rmdirSync(folder);
    return null;
  }
  return {
    folder,
    unmount,
    makeReadOnly() {
      if (!mount('-o', 'remount,ro', folder)) throw new Error(`cannot make ${folder} read-only`);
    },
  };
}

export function openTmpfs(size: string): Tmpfs {
  const tmpfs = open(size);
  if (!tmpfs) throw new Error('cannot mount a tmpfs');
  return tmpfs;
}

/** Whether this process may mount them. */
export const CAN_MOUNT: boolean = (() => {
  const tmpfs = open('64k');
  tmpfs?.unmount();
  return tmpfs !== null;
})();
