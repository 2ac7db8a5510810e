// The service that a worker asks for what it does not have.

export interface Api {
  /** Its address. */
  readonly url: string;
  /** null: it takes anybody. */
  readonly key: string | null;
}

/** @throws Error that says what it answered. */
export async function askApi(
  { url, key }: Api,
  path: string,
  query: Readonly<Record<string, string>>,
  milliseconds: number,
): Promise<Response> {
  const address = new URL(path, url.endsWith('/') ? url : `${url}/`);
  address.search = new URLSearchParams(query).toString();
  const response = await fetch(address, {
    headers: key === null ? {} : { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(milliseconds),
  });
  if (response.ok) return response;
  throw new Error(`the service answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
}
