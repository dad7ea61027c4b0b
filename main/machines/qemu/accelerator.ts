/** What runs a guest's instructions: the computer's processor, through its system, or QEMU's own translator (`tcg`). */
export type Accelerator = 'kvm' | 'hvf' | 'whpx' | 'tcg';

/** Which processor QEMU shows a guest: what the computer has, or all it can emulate. */
export function processorFor(accelerator: Accelerator): string {
  return accelerator === 'tcg' ? 'max' : 'host';
}
