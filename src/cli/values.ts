// What flags bring, as text: numbers and lists where they are some.

/** Numbers as numbers; what is not one goes on as text, for whoever reads it to refuse by name. */
export const number = (text: string): unknown =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;

export const list = (text: string): readonly string[] => text.split(',').map((item) => item.trim());

/** None of an empty text. */
export const numbers = (text: string): readonly unknown[] =>
  text.trim() === '' ? [] : list(text).map(number);

export const oneOf = (names: readonly string[]): string => names.join(', ');
