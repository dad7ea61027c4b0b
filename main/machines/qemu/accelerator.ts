/** What runs a guest's instructions: the computer's processor, through its system, or QEMU's own translator (`tcg`). */
export type Accelerator = 'kvm' | 'hvf' | 'whpx' | 'tcg';
