// Who a service is to others that share its archive, and whether one of them is known to be gone.

import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Owner } from '../storage/records.ts';

/** A host's name alone does not do: containers may share it, and a machine keeps it when it starts anew. */
function describePlace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${hostname()} ${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

const PLACE = describePlace();
/** Told apart from an earlier process that had this one's id. */
const PROCESS = randomUUID();

export const newOwner = (): Owner => ({
  host: hostname(),
  pid: process.pid,
  place: PLACE,
  token: `${PROCESS}:${randomUUID()}`,
});

/** Whether its process has ended; false when that cannot be seen from here. */
export function isGone({ place, pid, token }: Owner): boolean {
  if (place !== PLACE) return false;
  if (pid === process.pid) return !token.startsWith(PROCESS);
  try {
    return !process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
