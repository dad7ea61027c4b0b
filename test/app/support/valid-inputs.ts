import type { RequestInput, RequestName } from '../../../shared/ipc/contract.ts';

/** One well-formed input per request of the contract, with everything in it that may be. */
export const VALID_INPUTS: { readonly [Name in RequestName]: RequestInput<Name> } = {
  'app.info': null,

  'catalog.list': { listing: 1, from: 250 },
  'catalog.install': { id: 'tiny-linux' },
  'feeds.list': null,
  'feeds.look': { location: 'https://example.org/feed.json' },
  'feeds.add': { location: 'https://example.org/feed.json', key: null },
  'feeds.refresh': { id: 'feed-1' },
  'feeds.remove': { id: 'feed-1' },
  'masters.list': null,
  'masters.add': { source: 'file', name: 'Mine', path: '/srv/mine.raw', format: 'raw' },
  'masters.relocate': { id: 'master-1', to: { source: 'file', path: '/srv/mine.raw' } },
  'masters.addAgain': { id: 'master-1', name: 'Mine, anew' },
  'masters.remove': { id: 'master-1' },

  'machines.list': null,
  'machines.create': {
    applianceId: 'tiny-linux',
    name: 'Mine',
    memoryMiB: 64,
    kind: 'standalone',
    folder: '/srv/disks',
    start: false,
  },
  'machines.command': { id: 'machine-1', command: 'start' },
  'machines.rename': { id: 'machine-1', name: 'Mine' },
  'machines.setHardware': {
    id: 'machine-1',
    hardware: {
      backEnd: 'qemu',
      accelerate: true,
      forwards: [{ protocol: 'tcp', hostPort: 2222, guestPort: 22 }],
    },
  },
  'machines.setMemory': { id: 'machine-1', memoryMiB: 64 },
  'machines.duplicate': { id: 'machine-1' },
  'machines.remove': { id: 'machine-1' },
  'machines.openConsole': { id: 'machine-1' },
  'console.attach': { id: 'machine-1', part: 'serial' },
  'console.type': { id: 'machine-1', text: 'echo Hello' },
  'console.screenshot': { id: 'machine-1', path: '/home/ada/screen.png' },

  'disks.list': null,
  'disks.streamAll': { command: 'pause' },
  'disks.stream': { id: 'disk-1', command: 'pause' },
  'disks.setLimit': { id: 'disk-1', limit: 1_000_000 },
  'disks.setPriority': { id: 'disk-1', priority: 'high' },
  'disks.setOnError': { id: 'disk-1', onError: 'report' },
  'disks.check': { id: 'disk-1', repair: 'none' },
  'disks.map': { id: 'disk-1', cells: 64 },
  'disks.export': { id: 'disk-1', path: '/srv/mine.raw', format: 'raw' },
  'disks.showInFolder': { id: 'disk-1' },

  'activities.list': null,
  'activities.cancel': { id: 'activity-1' },

  'notices.list': null,

  'preferences.get': null,
  'preferences.set': {
    globalLimit: 1_000_000,
    diskLimit: 1_000_000,
    schedule: [{ days: [1], from: 0, to: 60, limit: 0 }],
    metered: true,
    connections: 4,
    parallelStreams: 4,
    storageFolder: '/srv/disks',
    defaultMemoryMiB: 64,
    theme: 'dark',
    language: 'en',
    rateUnit: 'MB/s',
    startAtLogin: false,
    qmpSockets: false,
    stayFor: 'streams',
  },

  'dialog.chooseFile': null,
  'dialog.chooseFolder': null,
  'dialog.chooseSavePath': { suggestedName: 'mine.raw' },
};
