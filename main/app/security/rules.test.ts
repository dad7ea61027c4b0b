import { describe, expect, it } from 'vitest';
import { mayOpenOutside } from './external-links.ts';
import { isPermitted } from './permissions.ts';

describe('links to the outside', () => {
  it('open when they lead to a known host by https', () => {
    expect(mayOpenOutside('https://www.debian.org/legal/licenses/')).toBe(true);
  });

  it.each([
    'http://www.debian.org/',
    'https://debian.org.example/',
    'https://www.debian.org@example.org/',
    'https://user:password@www.debian.org/',
    'https://www.debian.org:8443/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'smb://www.debian.org/',
    'not an address',
  ])('do not open: %s', (address) => {
    expect(mayOpenOutside(address)).toBe(false);
  });
});

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
