// What there is to choose from: datasets and search spaces.

import { loadConfig } from '../config.ts';
import { openDatasets } from '../data/datasets.ts';
import { SPACES } from '../search/space/spaces.ts';
import { print, table } from './report.ts';

interface Flags {
  readonly json?: true;
}

export async function listDatasets({ json }: Flags): Promise<void> {
  const { dataDir, datasetFolders, download } = loadConfig();
  const datasets = openDatasets({ folders: datasetFolders, dataFolder: dataDir, download });
  const listed = await datasets.list();
  if (json) {
    print(JSON.stringify(listed.map(({ set, location }) => ({ ...set, location }))));
    return;
  }
  const rows = listed.map(({ set, location }) => [
    set.name,
    set.task,
    set.classes.length,
    set.shape.join('x'),
    set.samples.train,
    set.samples.val,
    set.samples.test,
    location.at,
  ]);
  print(table([['name', 'task', 'classes', 'image', 'train', 'val', 'test', 'where'], ...rows]));
}

export function listSpaces({ json }: Flags): void {
  const spaces = Object.values(SPACES).map((space) => ({
    id: space.id,
    description: space.description,
    operations: space.operations,
    blockLength: space.blockLength,
    maxBlocks: space.maxBlocks,
    /** Genotypes by number of blocks; decimal text, for they leave the range of numbers. */
    sizes: Array.from({ length: space.maxBlocks }, (_, i) => space.size(i + 1).toString()),
  }));
  if (json) {
    print(JSON.stringify(spaces));
    return;
  }
  for (const { id, description, operations, blockLength, sizes } of spaces) {
    print(`${id}: ${description}`);
    print(`  normal operations:    ${operations.normal.join(', ')}`);
    print(`  reduction operations: ${operations.reduction.join(', ')}`);
    print(`  genes a block: ${blockLength}`);
    print(
      `  genotypes: ${sizes.map((size, i) => `${size} of ${i + 1} block${i > 0 ? 's' : ''}`).join(', ')}`,
    );
  }
}
