import type { BackEndName, GuestArch } from './appliance.ts';
import type { BackEndChoice } from './hardware.ts';
import { err, ok, type Err, type Result } from './result.ts';
import { GIB, MIB, TIB } from './units.ts';

/** Debian's names; other distributions have similar ones. */
const QEMU_PACKAGES: Readonly<Record<GuestArch, string>> = {
  i386: 'qemu-system-x86',
  x86_64: 'qemu-system-x86',
  aarch64: 'qemu-system-arm',
};

/** What a machine's guest needs. */
export interface GuestNeeds {
  readonly arch: GuestArch;
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
export type HasQemu = (arch: GuestArch) => boolean;

/** Chooses what runs a machine. Fails with why what was chosen cannot, and what to do. @param hasQemu for a processor */
export function chooseBackEnd(
  needs: GuestNeeds,
  choice: BackEndChoice,
  hasQemu: HasQemu,
): Result<'v86' | GuestNeeds> {
  const v86 = (): Result<'v86'> => againstV86(needs) ?? ok('v86');
  const qemu = (): Result<GuestNeeds> => (hasQemu(needs.arch) ? ok(needs) : qemuMissing(needs.arch));
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

export function qemuMissing(arch: GuestArch): Err {
  const name = QEMU_PACKAGES[arch];
  return err(
    'not-found',
    `There is no QEMU for ${arch} on this computer; install it (Debian's package is ${name}), ` +
      'or name its folder in the preferences',
    { words: ['qemu-missing', arch, name] },
  );
}

function noProcessor(arch: string): Err {
  return err('unsupported', `It needs a ${arch} processor, which the built-in machine does not have.`, {
    words: ['other-processor', arch],
  });
}
