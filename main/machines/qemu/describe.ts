import type { Accelerator } from './accelerator.ts';
import type { QemuProgram } from './host.ts';

const NAMES: Readonly<Record<Accelerator, string>> = {
  kvm: 'KVM',
  hvf: 'HVF',
  whpx: 'WHPX',
  tcg: 'emulated',
};

/** For people: `QEMU 7.2, KVM`. */
export function describeQemu({ version, accelerator }: Pick<QemuProgram, 'version' | 'accelerator'>): string {
  return `QEMU ${version.split('.').slice(0, 2).join('.')}, ${NAMES[accelerator]}`;
}
