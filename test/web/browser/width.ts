// Whether a page is wider than its screen, and by whose fault.

import type { Page } from 'playwright-core';

/** What sticks out to the right, outside everything that scrolls by itself; none: the page does not scroll. */
export const sticksOut = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const isHeld = (element: Element | null): boolean =>
      element !== null &&
      element !== root &&
      element !== document.body &&
      (getComputedStyle(element).overflowX !== 'visible' || isHeld(element.parentElement));
    const out = [...document.body.querySelectorAll('*')].filter(
      (element) =>
        element.getBoundingClientRect().right > root.clientWidth + 0.5 && !isHeld(element.parentElement),
    );
    return [
      `the page is ${root.scrollWidth} px wide`,
      ...out.slice(0, 5).map(({ tagName, textContent }) => `${tagName} "${textContent.slice(0, 40)}"`),
    ];
  });
