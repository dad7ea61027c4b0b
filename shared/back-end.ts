import type { ApplianceDescription, BackEndName } from './appliance.ts';
import type { BackEndChoice } from './hardware.ts';
import { err, ok, type Err, type Result } from './result.ts';
import { GIB, MIB, TIB } from './units.ts';

/** Processors of PCs, as appliances name them. */
export type PcArch = 'i386' | 'x86_64';

/** Debian's name; other distributions have similar ones. */
const QEMU_PACKAGE = 'qemu-system-x86';

/** What a machine's guest needs. */
export interface GuestNeeds {
  readonly arch: ApplianceDescription['arch'];
  readonly memoryMiB: number;
  readonly diskBytes: number;
  /** What its appliance is known to run on, the best first; undefined: whatever has its processor. */
  readonly backEnds?: readonly BackEndName[] | undefined;
}

/** v86 has no room for more. */
export const V86_MOST_MEMORY_MIB = 1024;
/** IDE tells addresses in 32 bits of 512 bytes. */
const V86_MOST_DISK_BYTES = 2 * TIB;

/** Whether QEMU is there for guests of a processor. */
export type HasQemu = (arch: PcArch) => boolean;

/** A guest that QEMU is to run. */
export type QemuNeeds = GuestNeeds & { readonly arch: PcArch };

/** Chooses what runs a machine. Fails with why what was chosen cannot, and what to do. @param hasQemu for a processor */
export function chooseBackEnd(
  needs: GuestNeeds,
  choice: BackEndChoice,
  hasQemu: HasQemu,
): Result<'v86' | QemuNeeds> {
  const v86 = (): Result<'v86'> => againstV86(needs) ?? ok('v86');
  const qemu = (): Result<QemuNeeds> => {
    const { arch } = needs;
    if (arch === 'aarch64') return noProcessor(arch);
    return hasQemu(arch) ? ok({ ...needs, arch }) : qemuMissing(arch);
  };
  if (choice !== 'automatic') return choice === 'v86' ? v86() : qemu();
  const order = needs.backEnds ?? ['v86', 'qemu'];
  const chosen = order.map((name) => (name === 'v86' ? v86() : qemu()));
  // Where nothing can, the last says what would help: more than what is built in.
  return chosen.find(({ ok: can }) => can) ?? chosen.at(-1) ?? v86();
}

/** All that can run a guest here, the best first. */
export function usableBackEnds(needs: GuestNeeds, hasQemu: HasQemu): BackEndName[] {
  const order = needs.backEnds ?? ['v86', 'qemu'];
  return order.filter((name) => chooseBackEnd(needs, name, hasQemu).ok);
}

function againstV86({ arch, memoryMiB, diskBytes }: GuestNeeds): Err | null {
  if (arch !== 'i386') return noProcessor(arch);
  if (diskBytes > V86_MOST_DISK_BYTES) {
    return err('unsupported', 'The built-in machine can use disks of at most 2 TiB.', {
      words: ['disk-too-large'],
    });
  }
  if (memoryMiB <= V86_MOST_MEMORY_MIB) return null;
  const most = `${(V86_MOST_MEMORY_MIB * MIB) / GIB} GiB`;
  return err('unsupported', `The built-in machine has at most ${most} of memory; QEMU has more.`, {
    words: ['memory-too-large'],
  });
}

export function qemuMissing(arch: PcArch): Err {
  return err(
    'not-found',
    `There is no QEMU for ${arch} on this computer; install it (Debian's package is ${QEMU_PACKAGE}), ` +
      'or name its folder in the preferences',
    { words: ['qemu-missing', arch, QEMU_PACKAGE] },
  );
}

function noProcessor(arch: string): Err {
  return err('unsupported', `It needs a ${arch} processor, which the built-in machine does not have.`, {
    words: ['other-processor', arch],
  });
}
