// A file made in the page, for the reader to keep.

/** Hands it to the browser as a download. */
export function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after this task, and tells nobody when it has.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
