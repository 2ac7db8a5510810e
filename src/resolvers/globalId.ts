// Global ids: a type and a key, in a form that nobody is tempted to take apart.

import { MedNasError, shown } from '../search/errors.ts';
import { NODE_TYPES, type NodeType } from '../schema/node.ts';

export interface Identity {
  readonly type: NodeType;
  readonly key: string;
}

/** What keys are made of: names of sets and spaces, hashes, UUIDs, numbers, and colons between them. */
const KEY = /^[\w.:-]{1,200}$/;

export const toGlobalId = (type: NodeType, key: string): string =>
  Buffer.from(`${type}:${key}`).toString('base64url');

const typeAndKey = (id: string): readonly [type: string, key: string] => {
  const text = Buffer.from(id, 'base64url').toString('latin1');
  const colon = text.indexOf(':');
  return [text.slice(0, Math.max(colon, 0)), text.slice(colon + 1)];
};

/** The key of a global id of that type; what is none stands for itself. */
export const keyNamed = (wanted: NodeType, named: string): string => {
  const [type, key] = typeAndKey(named);
  return type === wanted ? key : named;
};

/**
 * The type and key of a global id, of the wanted type when one is wanted.
 * @throws MedNasError INVALID_ARGUMENT when it is no such id.
 */
export function parseGlobalId(id: string, field: string, wanted?: NodeType): Identity {
  const [given, key] = typeAndKey(id);
  const type = NODE_TYPES.find((name) => name === given);
  if (type === undefined || !KEY.test(key) || toGlobalId(type, key) !== id) {
    throw new MedNasError('INVALID_ARGUMENT', `${field} is an id this API has given; got ${shown(id)}.`, {
      field,
    });
  }
  if (wanted !== undefined && type !== wanted) {
    throw new MedNasError('INVALID_ARGUMENT', `${field} is the id of a ${wanted}; got that of a ${type}.`, {
      field,
    });
  }
  return { type, key };
}
