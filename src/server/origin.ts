// Browsers let any page open a WebSocket or an event stream to any address. Apollo Server prevents such
// requests over HTTP; for the other ways in, a page must come from here.

import type { IncomingMessage } from 'node:http';

/** Whether a request comes from a page of this service, or from no page at all. A proxy has to keep Host. */
export function isOwnOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
