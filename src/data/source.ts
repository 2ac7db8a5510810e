// Where datasets may be downloaded from: encrypted, and from hosts that are named. A redirect leads to
// another address, so each is judged as the first was.

import { MEDMNIST } from './catalogue.ts';

/** Whether an address may be fetched. */
export type Source = (url: URL) => boolean;

const PUBLISHERS: ReadonlySet<string> = new Set(MEDMNIST.map(({ url }) => new URL(url).host));

/** The catalogue's own hosts, and more. */
export const publishersAnd =
  (hosts: readonly string[]): Source =>
  ({ protocol, host }) =>
    protocol === 'https:' && (PUBLISHERS.has(host) || hosts.includes(host));

const MAX_REDIRECTS = 5;

/** The answer to a request of `address`, after its redirects. Rejects when one leads where nothing may be fetched. */
export async function fetchFrom(address: string, mayFetch: Source): Promise<Response> {
  let url = new URL(address);
  for (let i = 0; i <= MAX_REDIRECTS; i++) {
    if (!mayFetch(url))
      throw new Error(
        `nothing is fetched from ${url.protocol}//${url.host}: only over https, from the catalogue's hosts and those in MEDNAS_DOWNLOAD_HOSTS`,
      );
    const response = await fetch(url, {
      headers: { 'accept-encoding': 'identity' },
      redirect: 'manual',
    });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) return response;
    await response.body?.cancel();
    if (!URL.canParse(location, url.href)) throw new Error('the server redirects to no address');
    url = new URL(location, url);
  }
  throw new Error(`the server redirects more than ${MAX_REDIRECTS} times`);
}
