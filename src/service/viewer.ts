// Who asks for something, as every way in has found out.

import { type Role, ROLES } from '../storage/keys.ts';

export type { Role };

export interface Viewer {
  /** For people; null: nobody we know. */
  readonly name: string | null;
  readonly role: Role;
  /** What its requests are counted by: a key, a subject of a token, or an address. */
  readonly client: string;
  readonly mayIntrospect: boolean;
}

/** The role of that name; undefined: there is none. */
export const roleNamed = (name: unknown): Role | undefined => ROLES.find((role) => role === name);

export const isAtLeast = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed);
