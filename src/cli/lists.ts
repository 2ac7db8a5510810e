// What there is to choose from: datasets and search spaces.

import { loadConfig } from '../config.ts';
import { openDatasets } from '../data/datasets.ts';
import { SPACES } from '../search/space/spaces.ts';
import { print } from './output.ts';
import { table } from './report.ts';

interface Flags {
  readonly json?: true;
}

export async function listDatasets({ json }: Flags): Promise<void> {
  const { dataDir, datasetFolders, download } = loadConfig();
  const datasets = openDatasets({ folders: datasetFolders, dataFolder: dataDir, download });
  const listed = await datasets.list();
  if (json) {
    await print(JSON.stringify(listed.map(({ set, location }) => ({ ...set, location }))));
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
  await print(table([['name', 'task', 'classes', 'image', 'train', 'val', 'test', 'where'], ...rows]));
}

export async function listSpaces({ json }: Flags): Promise<void> {
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
    await print(JSON.stringify(spaces));
    return;
  }
  const pages = spaces.map(({ id, description, operations, blockLength, sizes }) =>
    [
      `${id}: ${description}`,
      `  normal operations:    ${operations.normal.join(', ')}`,
      `  reduction operations: ${operations.reduction.join(', ')}`,
      `  genes a block: ${blockLength}`,
      `  genotypes: ${sizes.map((size, i) => `${size} of ${i + 1} block${i > 0 ? 's' : ''}`).join(', ')}`,
    ].join('\n'),
  );
  await print(pages.join('\n'));
}
