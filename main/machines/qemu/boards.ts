import type { GuestArch } from '../../../shared/appliance.ts';
import type { Accelerator } from './accelerator.ts';

/** What QEMU builds around a guest's processor. */
export interface Board {
  readonly machine: string;
  /** The processor where QEMU's own translator runs it. */
  readonly translated: string;
  readonly disks: Readonly<Record<'virtio' | 'ide', string>>;
  /** What the character device `serial` is attached to. */
  readonly serial: readonly string[];
  /** What a person sees, types at and points with. */
  readonly desk: readonly string[];
}

// A pointer that tells places, for guests that know it; the others have the PC's mouse.
const USB = ['-device', 'qemu-xhci', '-device', 'usb-tablet'];

const PC = {
  translated: 'max',
  disks: { virtio: 'virtio-blk-pci', ide: 'ide-hd' },
  serial: ['-device', 'isa-serial,chardev=serial'],
  desk: ['-device', 'VGA', ...USB],
} as const;

const BOARDS: Readonly<Record<GuestArch, Board>> = {
  // The newer one has no IDE that a guest for 32 bits of any age knows.
  i386: { machine: 'pc', ...PC },
  x86_64: { machine: 'q35', ...PC },
  aarch64: {
    // The usual controller of interrupts is missing from newer processors, which guests are to run on directly.
    machine: 'virt,gic-version=max',
    // To translate signed pointers as a processor would make a guest several times slower.
    translated: 'max,pauth-impdef=on',
    // There never was IDE.
    disks: { virtio: 'virtio-blk-pci', ide: 'virtio-blk-pci' },
    // Its UART is part of it, and takes what is named first.
    serial: ['-serial', 'chardev:serial'],
    desk: ['-device', 'virtio-gpu-pci', ...USB, '-device', 'usb-kbd'],
  },
};

export const boardOf = (arch: GuestArch): Board => BOARDS[arch];

/** Which processor QEMU shows a guest: what the computer has, or all it can emulate. */
export function processorFor(arch: GuestArch, accelerator: Accelerator): string {
  return accelerator === 'tcg' ? boardOf(arch).translated : 'host';
}
