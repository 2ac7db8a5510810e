// In input, null is like leaving out: clients that build forms send either.

/** The fields that say something. */
export const withoutNulls = <T extends object>(
  given: T,
): { readonly [K in keyof T]?: Exclude<T[K], null | undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined)) as {
    readonly [K in keyof T]?: Exclude<T[K], null | undefined>;
  };
