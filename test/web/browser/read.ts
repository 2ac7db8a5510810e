// What a page says, as people find it: figures by their names, and what came over its WebSockets.

import type { Locator, Page } from 'playwright-core';

/** The figure of that name, once it is as it says. */
export const fact = (page: Page, name: string, value: string): Promise<void> =>
  page.locator(`div:has(> dt:text-is("${name}")) > dd:text-is("${value}")`).waitFor();

/** The state of the search in the heading of its view, once it is this. */
export const status = (page: Page, name: string): Promise<void> =>
  page.getByRole('banner').or(page.locator('main header')).getByText(name, { exact: true }).waitFor();

export const plot = (page: Page): Locator => page.getByRole('application', { name: /points\. Arrow keys/ });

/** What is said of the point of the plot under the keyboard's cursor. */
export const said = (page: Page): Locator =>
  page.getByRole('region', { name: 'Pareto front' }).locator('[aria-live="polite"]');

/** Numbers of the events that the page is told from now on, in order, on whichever connection. */
export function tellsEvents(page: Page): readonly number[] {
  const sequences: number[] = [];
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      const { type, payload: told } = JSON.parse(String(payload)) as {
        readonly type: string;
        readonly payload?: { readonly data?: Readonly<Record<string, { readonly sequence: number }>> };
      };
      // Of a search or a training: an event is all there is.
      const [event] = Object.values(told?.data ?? {});
      const sequence = event?.sequence;
      if (type === 'next' && sequence !== undefined) sequences.push(sequence);
    }),
  );
  return sequences;
}
