// What every HTTP request passes before anybody reads its body: headers that every answer has, the name it
// was sent to, the page it comes from, who sends it, and how many they have sent.

import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import type { Viewer } from '../service/viewer.ts';
import type { Access, Credentials } from './access.ts';
import { addressOf, isOwnName, isOwnOrigin } from './origin.ts';
import { rateHeaders, type Rates } from './rates.ts';

/** The dashboard has a policy of its own; nothing else here is a page. */
const HEADERS = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

export const secure: RequestHandler = (_, response, next) => {
  response.set(HEADERS);
  next();
};

/** A request that is not answered, in the form in which GraphQL clients expect errors. */
export function refuse(
  response: Response,
  status: number,
  message: string,
  extensions: Readonly<Record<string, unknown>> = { code: 'BAD_REQUEST' },
): void {
  response.status(status).json({ errors: [{ message, extensions }] });
}

/** Refuses what was sent to a name that is not this service's. */
export const ownName =
  (host: string, names: readonly string[]): RequestHandler =>
  (request, response, next) => {
    if (isOwnName(request, host, names)) return next();
    refuse(response, 421, 'The service has no such name. MEDNAS_HOSTS gives it more.');
  };

export const UNAUTHENTICATED =
  'Who asks is not known here: send a key that is valid, as `Authorization: Bearer KEY`.';

export const credentialsOf = (request: IncomingMessage): Credentials => ({
  authorization: request.headers.authorization,
  address: addressOf(request),
});

export interface Gate {
  readonly handler: RequestHandler;
  /** Whom a request is of that the handler has let pass. */
  readonly viewerOf: (request: IncomingMessage) => Viewer;
}

export function openGate(access: Access, rates: Rates): Gate {
  const viewers = new WeakMap<IncomingMessage, Viewer>();
  return {
    async handler(request, response, next) {
      response.set('Cache-Control', 'no-store');
      if (!isOwnOrigin(request)) return refuse(response, 403, 'Pages of other addresses are not served.');
      const credentials = credentialsOf(request);
      const viewer = await access.identify(credentials);
      const rate = await rates.count(viewer?.client ?? `stranger ${credentials.address}`);
      response.set(rateHeaders(rate));
      if (rate.isExceeded)
        return refuse(response, 429, `There were more than ${rate.limit} requests within a minute.`, {
          code: 'RATE_LIMITED',
          retryAfter: rate.reset,
        });
      if (viewer === null) {
        response.set('WWW-Authenticate', 'Bearer');
        return refuse(response, 401, UNAUTHENTICATED, { code: 'UNAUTHENTICATED' });
      }
      viewers.set(request, viewer);
      next();
    },
    viewerOf(request) {
      const viewer = viewers.get(request);
      if (viewer === undefined) throw new Error('a request has not passed the gate');
      return viewer;
    },
  };
}
