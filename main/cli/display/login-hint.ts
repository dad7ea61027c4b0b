import type { ApplianceDescription } from '../../../shared/appliance.ts';

const CLOUD_LOGIN = 'Made for clouds: in QEMU, cloud-init lets root in at the console, without a password.';

/** How to log in: as the publisher says, or else as images of clouds do it; null where nobody says. */
export function loginHintOf({
  loginHint = null,
  cloudInit = false,
}: {
  readonly loginHint?: string | null | undefined;
  readonly cloudInit?: ApplianceDescription['cloudInit'];
}): string | null {
  return loginHint ?? (cloudInit ? CLOUD_LOGIN : null);
}
