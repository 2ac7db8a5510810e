// What is logged of errors that clients are told a part of.

import { GraphQLError } from 'graphql';
import { MedNasError } from '../../src/search/errors.ts';
import { toClientError } from '../../src/server/errors.ts';

const failing = (code: string, syscall: string): Error =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
const inside = (originalError: Error): GraphQLError =>
  new GraphQLError(originalError.message, { originalError, path: ['searchEvents'] });

test.each([
  ['a client that has left', Object.assign(new Error('left'), { name: 'AbortError' }), false],
  ['a client whose connection was reset under a write', failing('ECONNRESET', 'write'), false],
  ['a client whose connection was gone before a write', failing('EPIPE', 'write'), false],
  ['a connection of our own that was reset', failing('ECONNRESET', 'read'), true],
  ['a file that cannot be written', failing('ENOSPC', 'write'), true],
  ['a bug', new TypeError('x is not a function'), true],
  ['an archive that is full', new MedNasError('STORAGE_FULL', 'no room in /srv'), true],
  ['a setting that cannot be', new MedNasError('INVALID_ARGUMENT', 'too large'), false],
])('%s', (_, error, isLogged) => {
  for (const thrown of [error, inside(error), inside(inside(error))]) {
    const reported: unknown[] = [];
    expect(toClientError(thrown, (one) => void reported.push(one)).message).not.toContain('/srv');
    expect(reported).toHaveLength(isLogged ? 1 : 0);
  }
});
