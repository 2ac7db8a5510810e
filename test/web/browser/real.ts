// The service with its real engine, on an archive of its own.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compose } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import type { Served } from './stage.ts';

const fail = (error: unknown): never => {
  throw error;
};

/** `env`: beyond what it needs; `onError`: told of what no caller waits for, and throws it unless given. */
export async function openRealService(
  env: Readonly<Record<string, string>> = {},
  onError: (error: unknown) => void = fail,
): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-'));
  const config = readConfig({
    MEDNAS_DATA_DIR: folder,
    MEDNAS_DOWNLOAD: 'off',
    MEDNAS_WORKERS: '2',
    ...env,
  });
  const service = await compose(config, { onDownload: () => undefined, onError });
  return {
    service,
    async close() {
      await service.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
