export const action = {
  add: 'Add',
  cancel: 'Cancel',
  choose: 'Choose…',
  useDefault: 'Use default',
  clear: 'Clear',
  close: 'Close',
  copyPath: 'Copy the path',
  delete: 'Delete',
  dismiss: 'Dismiss',
  more: (name: string) => `More for ${name}`,
  remove: 'Remove',
  save: 'Save',
  tryAgain: 'Try again',
};

export const kind = { standalone: 'Standalone', linked: 'Linked' };

export const kindHelp = {
  standalone: 'Streams in completely, then needs no source.',
  linked: 'Stays small and always needs its master.',
  linkedFar: 'Stays small. A local copy of the master is fetched once, for all linked machines together.',
};

export const arch = (arch: string) =>
  ({ i386: 'x86, 32 bit', x86_64: 'x86, 64 bit', aarch64: 'ARM, 64 bit' })[arch] ?? arch;

export const source = { recipe: 'Built here', file: 'Local file', http: 'Web address', nbd: 'NBD server' };
