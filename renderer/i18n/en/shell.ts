import { plural } from '../plural.ts';
import { sentenceEnd } from '../sentence-end.ts';

export const shell = {
  skip: 'Skip to content',
  navigation: 'Main navigation',
  catalog: 'Catalog',
  machines: 'Machines',
  overlays: 'Overlays',
  preferences: 'Preferences',
  notices: 'Notices',
  streams: 'Streams',
  nothingStreams: 'Nothing is streaming',
  streaming: (count: number, text: string) => plural(count, '1 disk streaming', `${text} disks streaming`),
  paused: (_count: number, text: string) => `${text} paused`,
  waiting: (_count: number, text: string) => `${text} waiting`,
  left: (size: string) => `${size} to go`,
  bootSets: (count: number, share: string) => plural(count, `boot set: ${share}`, `boot sets: ${share}`),
  pauseAll: 'Pause all',
  resumeAll: 'Resume all',
  limitedTo: (rate: string) => `limited to ${rate}`,
  heldBack: (count: number, text: string) =>
    plural(count, 'Metered connection: 1 disk held back', `Metered connection: ${text} disks held back`),
  meteredLine: 'metered connection: only what guests read',
  commands: 'Commands',
  commandHint: 'Type a command or a name',
  noCommand: 'Nothing matches.',
  openCommands: 'Commands (Ctrl+K)',
  loading: 'Loading…',
  startAppliance: (name: string) => `Start a new ${name}`,
  machineCommand: (name: string, command: string) => `${name}: ${command}`,
  pauseAllStreams: 'Pause all streams',
  resumeAllStreams: 'Resume all streams',
  openPreferences: (section: string) => `Preferences: ${section}`,
  useTheme: (theme: string) => `Theme: ${theme}`,
  openMachine: (name: string) => `Go to machine ${name}`,
  openConsole: (name: string) => `Open the console of ${name}`,
};

/** What is told in passing. */
export const notices = {
  heading: 'What happened',
  none: 'Nothing was told yet.',
  others: (count: number, text: string) => plural(count, '1 more notice', `${text} more notices`),
  show: 'Show',
  dismissAll: 'Dismiss all',
  levels: { info: 'News', warning: 'Warning', error: 'Failure' },
};

export const activity = {
  list: 'What goes on',
  export: (name: string) => `Exporting ${name}`,
  import: (name: string) => `Importing ${name}`,
  check: (name: string) => `Checking ${name}`,
  move: (name: string) => `Moving disks to ${name}`,
  cancel: (what: string) => `Cancel: ${what}`,
};

/** What the main process tells of, by its kind. */
export const happened = {
  'disk-standalone': (name: string) => `${name} is complete: its disk needs no network any more.`,
  'copy-complete': (name: string) => `The local copy of ${name} is complete; it needs no network any more.`,
  'disk-exported': (file: string) => `The disk was exported to “${file}”.`,
  'storage-moved': (count: string, folder: string) => `${count} images were moved to “${folder}”.`,
  'stream-failed': (file: string, why: string) => `Streaming into “${file}” ended: ${why}`,
  'store-failed': (file: string, why: string) => `What a guest read could not be kept in “${file}”: ${why}`,
  'start-failed': (name: string, why: string) => `${name} could not be started: ${why}`,
  'machine-failed': (name: string, why: string) => `${name} stopped: ${why}`,
  'instant-start-refused': (name: string, why: string) =>
    `${name} was booted. What was published to start it at once could not be used: ${sentenceEnd(why)}`,
  'disk-missing': (file: string) => `“${file}” is missing. Put it back, or delete its machine.`,
  'disk-moved': (from: string, to: string) => `“${from}” was found again as “${to}”.`,
  'disk-without-machine': (file: string) => `“${file}” belongs to no machine any more.`,
  'foreign-image': (file: string) =>
    `“${file}” lies among the disks but belongs to no machine; it is left alone.`,
  'machine-without-disk': (name: string) => `The machine ${name} has lost its disk.`,
  'saved-state-missing': (name: string, file: string) =>
    `What was saved of ${name} is missing (“${file}”): put it back, or it will start from its disk.`,
  'saved-state-refused': (name: string, why: string) =>
    `${name} was started from its disk. Its saved state could not be used: ${sentenceEnd(why)}`,
  imported: (name: string) => `${name} is imported and can be started.`,
  'import-failed': (name: string, why: string) => `${name} could not be imported: ${why}`,
  'feed-new-key': (name: string, fingerprint: string) =>
    `${name} has a new key, which the holder of the old one vouches for: ${fingerprint}`,
  'feed-untrusted': (name: string, why: string) => `${name} is not to be trusted: ${why}`,
};
