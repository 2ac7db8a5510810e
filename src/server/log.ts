// The log: JSON lines on stdout. What lets somebody in is taken out of a line as it is written, wherever
// in it it stands: in a message, a stack, an address.

import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { type Observer, observerOf } from '../service/observer.ts';

const CENSORED = '[redacted]';

/** User and password of an address; our keys; what follows the name of a scheme; values that are called by such names. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/:\/\/[^\s"/@]+@/gu, `://${CENSORED}@`],
  [/\bmednas_[\w-]{16,}/gu, CENSORED],
  [/\b(Bearer|Basic) +[^\s"\\]+/giu, `$1 ${CENSORED}`],
  [
    /("(?:authorization|cookie|set-cookie|x-api-key|password|secret)":)"(?:[^"\\]|\\.)*"/giu,
    `$1"${CENSORED}"`,
  ],
];

const censor = (line: string): string =>
  SECRETS.reduce((text, [secret, instead]) => text.replaceAll(secret, instead), line);

/** What is kept, in bytes, of a log that cannot be written now. */
const UNWRITTEN = 2 ** 20;

/** Written before the call returns. A full disk under it would make every call that logs throw, one that ends the service among them. */
function openStdout(): DestinationStream {
  const stream = pino.destination({ dest: 1, sync: true, maxLength: UNWRITTEN });
  stream.on('error', () => undefined);
  return stream;
}

/** `destination`: stdout unless given. */
export function openLogger(
  level: NonNullable<LoggerOptions['level']>,
  destination: DestinationStream = openStdout(),
): Logger {
  return pino({ level, hooks: { streamWrite: censor } }, destination);
}

/** Lines about searches and trainings, each with its id under the name of its kind. */
export const logRuns = (logger: Logger): Observer =>
  observerOf({
    status: ({ kind, run, status, failure }) =>
      logger.info({ [kind]: run, status, ...(failure !== null && { failure }) }, `a ${kind} is ${status}`),
    epoch: ({ training, epoch, images, seconds }) =>
      logger.debug({ training, epoch, images, seconds }, 'an epoch is finished'),
    generation: ({ search, generation, evaluations, seconds }) =>
      logger.debug({ search, generation, evaluations, seconds }, 'a generation is finished'),
  });
