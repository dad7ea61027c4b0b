import { describe, expect, it } from 'vitest';
import { isPermitted } from './permissions.ts';

describe('permissions', () => {
  it('of a console are what a guest needs', () => {
    const console = { kind: 'console', machineId: 'm' } as const;
    expect(['pointerLock', 'keyboardLock', 'fullscreen'].every((name) => isPermitted(console, name))).toBe(
      true,
    );
    expect(['media', 'geolocation', 'usb'].some((name) => isPermitted(console, name))).toBe(false);
  });

  it('of the main window are next to none', () => {
    expect(isPermitted({ kind: 'main' }, 'clipboard-sanitized-write')).toBe(true);
    expect(isPermitted({ kind: 'main' }, 'pointerLock')).toBe(false);
  });

  it('of anything else are none', () => {
    expect(isPermitted(undefined, 'clipboard-sanitized-write')).toBe(false);
  });
});
