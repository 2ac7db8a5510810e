// What a run writes bears the fence of its lease: a guard on the write, which is refused once a newer one is out.

import type { Guard } from './documents.ts';
import { LEASES, type RunId } from './records.ts';

/** Holds until the lease of what runs is taken again, or that is deleted. */
export const guardOf = (search: RunId, fence: number | null): Guard | undefined =>
  fence === null ? undefined : { collection: LEASES, id: search, where: [['fence', 'eq', fence]] };
