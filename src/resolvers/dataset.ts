// Datasets, from the register.

import { Ctx, Query, Resolver } from 'type-graphql';
import { Dataset } from '../schema/dataset.ts';
import type { Typed } from '../schema/node.ts';
import type { Context } from './context.ts';
import { toGlobalId } from './globalId.ts';
import { type DatasetRecord, toDatasetRecord } from './loaders.ts';

export type DatasetSource = Typed<'Dataset'> & Dataset;

/** The path of the file stays here: it is the operator's. */
export const toDataset = (record: DatasetRecord): DatasetSource => ({
  __typename: 'Dataset',
  id: toGlobalId('Dataset', record.name),
  name: record.name,
  title: record.title,
  task: record.task,
  classes: record.classes,
  shape: record.shape,
  samples: record.samples,
  licence: record.licence,
  url: record.url,
  location: record.location.at,
  bytes: record.location.at === 'web' ? null : record.location.bytes,
});

@Resolver(() => Dataset)
export class DatasetResolver {
  @Query(() => [Dataset], { description: 'All datasets that can be asked for by name.' })
  async datasets(@Ctx() { service }: Context): Promise<readonly DatasetSource[]> {
    return (await service.listDatasets()).map((listed) => toDataset(toDatasetRecord(listed)));
  }
}
