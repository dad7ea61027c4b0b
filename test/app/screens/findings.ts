import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import type { AxeResults } from 'axe-core';
import { ROOT } from '../support/build.ts';

const AXE = readFileSync(path.join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');

/** Brings axe-core into a page: by way of the debugger, where the page's policy does not reach. */
export async function prepareAxe(page: Page): Promise<void> {
  await page.evaluate(AXE);
}

/** What there is to complain about in a page as it is; empty when nothing. */
export async function findings(page: Page): Promise<string[]> {
  const { violations, overflows, outside, overlapping, overprinted, covered } = await page.evaluate(
    async () => {
      const { axe } = window as unknown as { axe: { run(): Promise<AxeResults> } };
      const root = document.documentElement;
      const wide = (element: Element) => element.scrollWidth > element.clientWidth;
      /** Text fields scroll what is in them. */
      const isScrolledSideways = (element: Element) =>
        wide(element) && !element.matches('input') && getComputedStyle(element).overflowX === 'auto';
      const isOutside = (element: Element) => {
        const { left, right } = element.getBoundingClientRect();
        return left < 0 || right > innerWidth;
      };
      const cards = [...document.querySelectorAll('.card')].map((card) => card.getBoundingClientRect());
      const overlap = (one: DOMRect, other: DOMRect) =>
        one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
      // Words that have less room than they need, and are not cut off.
      const spills = (element: Element) =>
        element.clientWidth > 1 && wide(element) && getComputedStyle(element).overflowX === 'visible';
      /** Buttons that nobody can get out from below the notices. */
      const coveredByNotices = (): Element[] => {
        const screen = document.querySelector('.screen');
        const notices = [...document.querySelectorAll('.notice')].map((notice) =>
          notice.getBoundingClientRect(),
        );
        if (screen === null || notices.length === 0) return [];
        const { scrollTop } = screen;
        screen.scrollTop = screen.scrollHeight;
        const found = [...screen.querySelectorAll('button')].filter((button) =>
          notices.some((notice) => overlap(notice, button.getBoundingClientRect())),
        );
        screen.scrollTop = scrollTop;
        return found;
      };
      return {
        covered: coveredByNotices().map(
          (button) => `stays below the notices: ${button.outerHTML.slice(0, 160)}`,
        ),
        overprinted: [...document.querySelectorAll('footer *')]
          .filter(spills)
          .map((element) => `printed over what is beside it: ${element.outerHTML.slice(0, 160)}`),
        overlapping: cards.some((one, at) => cards.slice(at + 1).some((other) => overlap(one, other))),
        violations: (await axe.run()).violations,
        overflows:
          root.scrollWidth > innerWidth ||
          [...document.querySelectorAll('.screen, .frame, dialog *')].some(isScrolledSideways),
        outside: [...document.querySelectorAll('header button, footer button')]
          .filter(isOutside)
          .map((button) => `not in its window: ${button.outerHTML.slice(0, 160)}`),
      };
    },
  );
  const violated = violations
    .filter(({ impact }) => impact !== 'minor')
    .flatMap(({ id, impact, nodes }) =>
      nodes
        .slice(0, 3)
        .map(({ html, failureSummary }) => `${impact}: ${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
  return [
    ...violated,
    ...outside,
    ...covered,
    ...overprinted,
    ...(overflows ? ['wider than its window'] : []),
    ...(overlapping ? ['cards lie on each other'] : []),
  ];
}
