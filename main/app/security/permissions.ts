import type { WindowRole } from '../windows/window-role.ts';

/** All that pages may do beyond showing themselves; everything else is denied without asking. */
const PERMISSIONS: Readonly<Record<WindowRole['kind'], ReadonlySet<string>>> = {
  main: new Set(['clipboard-sanitized-write']),
  // A guest wants the mouse, all keys and the whole screen; pasting into it needs what is on the clipboard.
  console: new Set([
    'clipboard-sanitized-write',
    'clipboard-read',
    'fullscreen',
    'keyboardLock',
    'pointerLock',
  ]),
};

export function isPermitted(role: WindowRole | undefined, permission: string): boolean {
  return role !== undefined && PERMISSIONS[role.kind].has(permission);
}
