// The API key this page goes by, for as long as its tab is open; none: as anybody.

const NAME = 'mednas key';

/** '': none. */
export const currentKey = (): string => sessionStorage.getItem(NAME) ?? '';

export function setKey(key: string): void {
  if (key === '') sessionStorage.removeItem(NAME);
  else sessionStorage.setItem(NAME, key);
}

/** As HTTP sends it in a header and WebSocket in the first message; nothing without a key. */
export function credentials(): { readonly authorization?: string } {
  const key = currentKey();
  return key === '' ? {} : { authorization: `Bearer ${key}` };
}
