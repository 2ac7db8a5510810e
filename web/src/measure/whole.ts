// Whole numbers as people write them.

const POWERS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** 1.5M as 1,500,000; null: nothing is written; NaN: it is no whole number from 0. */
export function toWhole(text: string): number | null {
  const written = text.replaceAll(/[\s,_]/g, '').toLowerCase();
  if (written === '') return null;
  const [, digits, prefix] = /^(\d+(?:\.\d+)?|\.\d+)([kmgt]?)$/.exec(written) ?? [];
  const value = Math.round(Number(digits) * (POWERS[prefix ?? ''] ?? Number.NaN));
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** The limit that a text sets; null: none, or none that can be read. */
export function limitOf(text: string): number | null {
  const value = toWhole(text);
  return value === null || Number.isNaN(value) ? null : value;
}
