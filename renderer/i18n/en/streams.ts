import { plural } from '../plural.ts';

export const streamState = {
  'not-started': 'Not streaming',
  streaming: 'Streaming',
  paused: 'Paused',
  'waiting-for-source': 'Waiting for source',
  'source-changed': 'Source changed',
  failed: 'Failed',
  complete: 'Fully streamed',
  linked: 'Linked',
  queued: 'Waits for its turn',
  metered: 'Held back',
  'after-copy': 'Waits for the copy',
};

/** What each state means, and what follows from it. */
export const streamHelp = {
  'not-started': 'Only what its guest reads is fetched. Start streaming to bring in the rest.',
  streaming: 'What is missing comes in behind the guest.',
  paused: 'Paused: only what its guest reads is fetched. Resume to bring in the rest.',
  complete: 'Complete. It needs no source and no network any more.',
  linked: 'It keeps only what differs from its master, and is not meant to stream.',
  'waiting-for-source':
    'The source cannot be read at present. Headwater keeps trying; the guest goes on until it needs what is missing.',
  'source-changed':
    'The file at the source is no longer the one this disk began with. What is here stays usable; what is missing cannot be fetched.',
  failed: 'Streaming ended with an error. What is here stays.',
  queued:
    'Other disks stream first. It goes on by itself; a higher priority, or more parallel streams in the preferences, brings it forward.',
  metered: 'The connection is metered: only what the guest reads is fetched.',
  'after-copy': 'It copies from the local copy it lies on, as soon as that is complete.',
};

/** The same in a line of a table. */
export const streamBrief = {
  'not-started': 'fetches what its guest reads',
  streaming: 'comes in behind the guest',
  paused: 'fetches what its guest reads',
  'waiting-for-source': 'the source does not answer',
  'source-changed': 'what is missing cannot be fetched',
  failed: 'ended with an error',
  complete: 'needs no source any more',
  linked: 'keeps what differs from its master',
  queued: 'other disks stream first',
  metered: 'the connection is metered',
  'after-copy': 'the copy below it comes first',
};

/** What can be done about a disk whose source is gone, or was exchanged. */
export const waysOut = {
  open: 'What can be done…',
  heading: (name: string) => `The disk of ${name}`,
  label: 'What is to be done',
  ways: {
    retry: 'Try again now',
    elsewhere: 'Read the same disk from another place',
    renew: 'Make a new machine from what is there now',
    keep: 'Keep what is here, and stop streaming',
  },
  help: {
    retry: 'Headwater tries again by itself, too; this does not wait for the next time.',
    elsewhere:
      'A mirror, or a file you fetched. Only its length can be compared: choose what you know to be the same disk.',
    elsewhereVerified: 'A mirror, or a copy of its folder. Every byte is compared with the published hashes.',
    renew: 'It starts from the new version. This machine and what its guest wrote stay as they are.',
    keep: 'Nothing is deleted. The guest works with what is here and waits where something is missing.',
  },
  doit: { retry: 'Try again', elsewhere: 'Read from there', renew: 'Make and start', keep: 'Stop streaming' },
  offFirst: (names: string) => `Not while a machine reads it: power off ${names} first.`,
  placeFirst: 'Say first where it lies.',
  newVersion: (name: string) => `${name}, new version`,
};

/** The places that a published master is read from. */
export const sources = {
  heading: 'Where it comes from, every part verified',
  place: 'Source',
  state: 'State',
  firstByte: 'First byte',
  rate: 'Per request',
  brought: 'Brought',
  asked: 'asked now',
  ms: (number: string) => `${number}\u202fms`,
  since: (duration: string) => `for ${duration}`,
  wrongAnswers: (count: number, text: string) => plural(count, '1 wrong answer', `${text} wrong answers`),
  states: {
    untried: 'Not asked yet',
    answers: 'Answers',
    slow: 'Slow',
    'wrong-bytes': 'Wrong bytes',
    unreachable: 'Not reachable',
    refuses: 'Does not have it',
  },
};

export const disk = {
  heading: 'Disk',
  numbered: (number: string) => `Disk ${number}`,
  progress: (name: string) => `Progress of ${name}`,
  localOf: (local: string, total: string) => `${local} of ${total} are here`,
  localUnknown: (total: string) => `${total}, not counted yet`,
  file: 'File',
  fileTakes: (size: string) => `takes ${size}`,
  source: 'Source',
  noSource: 'none needed',
  rate: 'Rate',
  remaining: 'Time left',
  remainingUnknown: 'not known yet',
  idle: '–',
  bootReady: 'All that a start reads is here',
  bootPending: (size: string) => `${size} until all that a start reads is here`,
  pack: (size: string) => `The boot set comes as one pack: starts after ${size}`,
  packOf: (here: string, all: string) => `${here} of ${all} are here`,
  packWaits: 'its source does not answer at present',
  packLabel: 'Progress of the boot set',
  waitingReads: (count: number, text: string) =>
    plural(count, 'A guest read waits for the source', `${text} guest reads wait for the source`),
  linkedText: (master: string) => `Linked: it keeps only what differs from ${master}.`,
  linkedComplete: (master: string) => `Complete here: it lies on ${master} and keeps only what differs.`,
  sharesSnapshot: (names: string) => `Complete here; shares a snapshot with ${names}.`,
  sharedCopy: (share: string) => `The local copy it lies on: ${share} here`,
  stream: {
    start: 'Start streaming',
    pause: 'Pause',
    resume: 'Resume',
    cancel: 'Stop streaming',
    'retry-now': 'Try now',
    'resume-anyway': 'Stream anyway',
    'complete-now': 'Make standalone now',
  },
  completeNowHint: 'Ahead of all other disks, without a limit of its own, also over a metered connection',
  chart: 'Throughput of the last five minutes',
  chartPeak: (rate: string) => `highest ${rate}`,
  chartNothing: 'Nothing came in during these five minutes.',
  chartNow: 'now',
  chartAgo: '5 min ago',
  map: 'Cluster map',
  mapLabel: (share: string) => `Map of the disk: ${share} are here`,
  mapCell: (size: string) => `one square is ${size}`,
  data: 'Data here',
  demanded: 'Read by the guest first',
  zero: 'Zeroes, need no space',
  fetching: 'Being fetched',
  missing: 'Not here yet',
  mapWalk: 'Stretch of the disk',
  mapStretch: (from: string, to: string) => `${from} to ${to}`,
  mapPart: (part: string, share: string) => `${part} ${share}`,
  mapFailed: 'The map cannot be read at present.',
  settings: 'Streaming settings',
  limit: 'Limit',
  limitDefault: (rate: string) => `Usual: ${rate}`,
  limitNone: 'No limit',
  limitOwn: 'A limit of its own',
  limitUnit: 'Unit',
  limitError: 'A number above 0, or nothing.',
  noLimit: 'no limit',
  priority: 'Priority',
  priorityHint: 'Whose turn comes first, and who gets more of a common limit.',
  priorities: { high: 'High', normal: 'Normal', low: 'Low' },
  onError: 'When streaming fails',
  onErrorChoice: {
    report: 'Report and stop streaming',
    ignore: 'Skip what cannot be read',
    stop: 'Pause and wait',
    enospc: 'Pause when the disk is full',
  },
};
