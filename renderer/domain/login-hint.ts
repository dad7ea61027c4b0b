import { m } from '../i18n/index.ts';

/** How to log in to a guest: as its publisher says, or else as images of clouds do it; null where nobody says. */
export function loginHintOf(guest: {
  readonly loginHint: string | null;
  readonly cloudInit: boolean;
}): string | null {
  return guest.loginHint ?? (guest.cloudInit ? m().catalog.cloudLogin : null);
}
