import { createContext } from 'svelte';

/** The element that scrolls a screen, for lists that show only what is in sight. */
export const [scrollerOf, provideScroller] = createContext<() => HTMLElement | undefined>();
