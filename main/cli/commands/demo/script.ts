/** What the demonstration does in the guest. Every line must succeed. */
export interface GuestStep {
  readonly says: string;
  readonly command: string;
}

/** Where the guest leaves something to be found again. */
const WITNESS = '/root/headwater-was-here';

export const FIRST_BOOT: readonly GuestStep[] = [
  { says: 'The guest reads: what system is this?', command: 'uname -sr; grep PRETTY_NAME /etc/os-release' },
  {
    says: 'It reads all its programs: the overlay fetches what has not come by itself yet',
    command: 'find /usr/bin -type f | xargs cat | wc -c',
  },
  {
    says: 'It writes: a megabyte of noise, a note of its checksum, and makes both durable',
    command:
      `dd if=/dev/urandom of=${WITNESS}.data bs=64k count=16 2>/dev/null; ` +
      `sha256sum ${WITNESS}.data > ${WITNESS}; sync; cat ${WITNESS}`,
  },
];

export const SECOND_BOOT: readonly GuestStep[] = [
  { says: 'What the guest wrote is there, and unharmed', command: `sha256sum -c ${WITNESS}` },
  { says: 'So is the rest of the system', command: 'df -h / | tail -1' },
];
