/** Where a window was when it was last seen. In device-independent pixels. */
export interface WindowState {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly maximised: boolean;
}

/** Keeps them. Keys are `main` and `console MACHINE_ID`. */
export interface WindowStateStore {
  load(key: string): WindowState | null;
  save(key: string, state: WindowState): void;
}

/** Remembers until the app ends. */
export function forgetfulWindowStates(): WindowStateStore {
  const states = new Map<string, WindowState>();
  return {
    load: (key) => states.get(key) ?? null,
    save: (key, state) => states.set(key, state),
  };
}

export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const SMALLEST_WINDOW = { width: 800, height: 600 };

/** How much of a window must be on a display for the user to get hold of it. */
const GRIP = 100;

/** The state if it can still be seen on one of the displays; a display may have been unplugged since. */
export function ifVisible(state: WindowState | null, displays: readonly Area[]): WindowState | null {
  if (!state) return null;
  const seen = displays.some(
    (display) =>
      overlap(state.x, state.width, display.x, display.width) >= GRIP &&
      state.y >= display.y &&
      state.y <= display.y + display.height - GRIP,
  );
  return seen ? state : null;
}

function overlap(startA: number, lengthA: number, startB: number, lengthB: number): number {
  return Math.min(startA + lengthA, startB + lengthB) - Math.max(startA, startB);
}
