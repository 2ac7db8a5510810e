// Where requests come from. Browsers let any page send some requests to any address, open a WebSocket or an
// event stream there; a page asked for by GraphQL must come from here. And a page may have its own name lead
// to this machine (DNS rebinding), so that it seems to: a service that trusts whoever reaches its loopback
// answers only under names that are the loopback's, or that it was given.

import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|\[?::ffff:127(\.\d{1,3}){3}\]?)$/;

/** Whether nobody but this machine reaches what listens there. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

/** Whether a request comes from a page of this service, or from no page at all. A proxy has to keep Host. */
export function isOwnOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Whether a request is for a name that a service on `host` has. */
export function isOwnName({ headers }: IncomingMessage, host: string, names: readonly string[]): boolean {
  if (!isLoopback(host) && names.length === 0) return true;
  const address = `http://${headers.host ?? ''}`;
  if (!URL.canParse(address)) return false;
  const { hostname } = new URL(address);
  return isLoopback(hostname) || [host, ...names].some((name) => name.toLowerCase() === hostname);
}

/** The groups of an IPv6 address up to its /64, which one customer has: each address in it is as good as another. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4).join(':');
}

/** What a client without a key is known by. */
export function addressOf({ socket: { remoteAddress = '' } }: IncomingMessage): string {
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
  return isIPv6(address) && address !== '::1' ? networkOf(address) : address;
}
