import fs from 'node:fs';
import path from 'node:path';

/** Where distributions put it: Debian, Fedora, Arch. */
const PLACES = [
  '/usr/share/qemu-efi-aarch64/QEMU_EFI.fd',
  '/usr/share/edk2/aarch64/QEMU_EFI.fd',
  '/usr/share/edk2/aarch64/QEMU_CODE.fd',
];
/** What QEMU's own releases bring, below the folder beside that of its program. */
const OWN = 'share/qemu/edk2-aarch64-code.fd';

/**
 * The UEFI firmware that an ARM guest starts with; null where there is none. PCs have theirs in QEMU.
 * @param program path of QEMU
 */
export function findUefi(program: string, places: readonly string[] = PLACES): string | null {
  const own = path.join(path.dirname(program), '..', OWN);
  return [own, ...places].find((file) => fs.existsSync(file)) ?? null;
}
