import type { ApplianceView, MasterView } from '../../../../shared/ipc/catalog.ts';
import type { FeedView } from '../../../../shared/ipc/feeds.ts';
import type { DiskView, MachineView } from '../../../../shared/ipc/machines.ts';
import type { PastNotice } from '../../../../shared/ipc/notices.ts';
import { preferencesSchema, type Preferences } from '../../../../shared/preferences.ts';
import { GIB, KIB, MIB, TIB } from '../../../../shared/units.ts';
import {
  aDisk,
  aFeedView,
  aMachine,
  aMaster,
  anAppliance,
  aSource,
} from '../../../../renderer/testing/samples.ts';

/** What the pretended main process knows at the start. */
export interface Scenario {
  readonly appliances: readonly ApplianceView[];
  readonly machines: readonly MachineView[];
  readonly disks: readonly DiskView[];
  readonly masters: readonly MasterView[];
  readonly feeds: readonly FeedView[];
  readonly preferences: Preferences;
  /** Every list fails with this. */
  readonly broken?: string | undefined;
}

const feeds: readonly FeedView[] = [
  aFeedView(),
  aFeedView({
    id: 'fedcba9876543210',
    name: 'University lab',
    location: 'https://lab.example.edu/feed.json',
    appliances: 3,
    unreadable: 1,
    state: 'stale',
    failure: {
      code: 'untrusted',
      message:
        'The feed ‘https://lab.example.edu/feed.json’ cannot be used: it is an old one: serial 11, where 14 was seen already',
      words: ['feed-old', '11', '14'],
    },
  }),
  aFeedView({
    id: '00112233aabbccdd',
    kind: 'simplestreams',
    name: 'images.example.com',
    location: 'https://images.example.com/streams/v1/index.json',
    key: null,
    fingerprint: null,
    serial: 0,
    expiresMs: null,
    appliances: 212,
    unreadable: 390,
  }),
];
const feedOf = ({ id, name, key, state }: FeedView = aFeedView()) => ({
  id,
  name,
  signed: key !== null,
  state,
});

const appliances: readonly ApplianceView[] = [
  anAppliance(),
  anAppliance({
    id: 'disk-tour',
    name: 'Disk Tour',
    summary: 'Shows what a disk reads while it streams in, without an operating system.',
    version: '1.0',
    diskBytes: 64 * MIB,
    bootBytes: 320 * KIB,
    licence: 'MIT',
    loginHint: null,
  }),
  anAppliance({
    id: 'debian-12',
    name: 'Debian 12 “Bookworm” with desktop',
    summary: 'A complete desktop with a browser and an office suite.',
    publisher: 'Debian',
    version: '12.8',
    arch: 'x86_64',
    runsOn: ['qemu'],
    diskBytes: 10 * GIB,
    bootBytes: 79 * MIB,
    source: 'http',
    feed: feedOf(feeds[0]),
    licence: 'DFSG-free licences',
    loginHint: 'User debian, password debian',
  }),
  anAppliance({
    id: 'fedora-14',
    name: 'Fedora 14',
    summary: 'The release of the original proposal.',
    publisher: 'Fedora Project',
    version: '14',
    diskBytes: 8 * GIB,
    bootBytes: null,
    source: 'http',
    feed: { ...feedOf(feeds[1]), state: 'expired' },
    recommended: false,
    licence: 'GPL-2.0 and others',
    loginHint: null,
  }),
  anAppliance({
    id: 'alpine',
    name: 'Alpine',
    summary: 'Small, simple, secure.',
    publisher: 'Alpine Linux',
    version: '3.20',
    arch: 'x86_64',
    runsOn: ['qemu'],
    diskBytes: 512 * MIB,
    bootBytes: 21 * MIB,
    source: 'http',
    recommended: false,
    licence: 'MIT and others',
    loginHint: 'root without password',
  }),
  anAppliance({
    id: 'archive',
    name: 'Institute of Hydrology field measurement archive, northern catchment, 1998–2024',
    summary: 'Read-only data.',
    publisher: '',
    version: '',
    diskBytes: 64 * TIB,
    bootBytes: null,
    source: 'file',
    recommended: false,
    licence: '',
    loginHint: null,
  }),
  anAppliance({
    id: 'ubuntu-cloud',
    name: 'Ubuntu 24.04 LTS',
    summary: 'ubuntu:noble:i386:default, as disk-kvm.img',
    publisher: '',
    version: '20261124_0742',
    diskBytes: 612 * MIB,
    bootBytes: null,
    recommended: false,
    available: false,
    unavailableBecause: {
      code: 'unsupported',
      message:
        'It has to be downloaded, and compared with its checksum as a whole, before it can be started.',
      words: ['download-first'],
    },
    downloadBytes: 612 * MIB,
    source: 'http',
    feed: feedOf(feeds[2]),
    licence: '',
    loginHint: null,
    cloudInit: true,
  }),
  anAppliance({
    id: 'router',
    name: 'Test router',
    summary: 'A router for the lab.',
    publisher: 'Network team',
    version: '2.4.1',
    arch: 'aarch64',
    diskBytes: 128 * MIB,
    bootBytes: 9 * MIB,
    recommended: false,
    available: false,
    unavailableBecause: {
      code: 'unsupported',
      message: 'It needs a aarch64 processor, which the built-in machine does not have.',
      words: ['other-processor', 'aarch64'],
    },
    source: 'file',
    licence: 'Proprietary',
    loginHint: 'admin / admin',
  }),
];

type Spec = Partial<MachineView> & { readonly disk?: Partial<DiskView> };
const specs: readonly Spec[] = [
  { name: 'Tiny Linux', state: 'running' },
  {
    name: 'Debian desktop',
    applianceId: 'debian-12',
    state: 'waiting-for-data',
    memoryMiB: 1024,
    disk: {
      lengthBytes: 10 * GIB,
      localBytes: 61 * MIB,
      fileBytes: 62 * MIB,
      state: 'waiting-for-source',
      rate: 0,
      etaMs: null,
      waitingReads: 2,
      masterName: 'Debian 12',
      sourceId: 'master-2',
      failure: {
        code: 'source-unreachable',
        message: 'images.example.org does not answer (connection timed out). Next try in 8 seconds.',
      },
    },
  },
  {
    name: 'Build server',
    applianceId: 'alpine',
    state: 'paused',
    disk: {
      lengthBytes: 512 * MIB,
      localBytes: 200 * MIB,
      fileBytes: 201 * MIB,
      state: 'paused',
      rate: 0,
      etaMs: null,
      masterName: 'Alpine',
    },
  },
  {
    name: 'Tiny Linux 2',
    state: 'off',
    hardware: {
      backEnd: 'qemu',
      accelerate: true,
      forwards: [
        { protocol: 'tcp', hostPort: 2222, guestPort: 22 },
        { protocol: 'udp', hostPort: 5353, guestPort: 53 },
      ],
    },
    runsOn: { backEnd: 'qemu', qemu: { version: '7.2.22', accelerator: 'kvm' } },
    canSuspend: false,
    disk: {
      localBytes: 256 * MIB,
      fileBytes: 180 * MIB,
      state: 'complete',
      rate: 0,
      etaMs: null,
      masterId: null,
      masterName: null,
      sourceId: null,
    },
  },
  {
    name: 'Statistics, overnight',
    state: 'suspended',
    savedState: { savedAtMs: Date.UTC(2026, 10, 24, 18, 2), fileBytes: 61 * MIB },
    disk: { localBytes: 120 * MIB, fileBytes: 121 * MIB, state: 'streaming' },
  },
  {
    name: 'Course 2026 – participant 07 – please keep until the examination in February',
    state: 'off',
    disk: {
      kind: 'linked',
      localBytes: 3 * MIB,
      fileBytes: 4 * MIB,
      state: 'not-started',
      rate: 0,
      etaMs: null,
    },
  },
  {
    // What a start reads is on its way.
    name: 'Debian, just started',
    applianceId: 'debian-12',
    state: 'running',
    disk: {
      lengthBytes: 2 * GIB,
      localBytes: 3 * MIB,
      fileBytes: 4 * MIB,
      masterName: 'Debian 12',
      sourceId: 'master-2',
      boot: { bytes: 21 * MIB, missingBytes: 17 * MIB },
      bootPack: { hereBytes: 4 * MIB, totalBytes: 13 * MIB, waiting: false },
      sources: [
        aSource({ location: 'https://mirror.example.org/masters/debian-12/', broughtBytes: 7 * MIB }),
        aSource({
          location: 'https://lab.example.edu/headwater/masters/debian-12/',
          state: 'wrong-bytes',
          failingForSeconds: 48,
          wrongAnswers: 2,
          failure: { code: 'source-changed', message: 'the 65536 bytes at 1048576 have another SHA-256' },
          firstByteMs: 9,
          bytesPerSecond: 4_100_000,
          broughtBytes: 640 * KIB,
          asked: false,
        }),
        aSource({
          location: 'http://192.168.178.20:8080/masters/debian-12/',
          state: 'unreachable',
          failingForSeconds: 312,
          failure: { code: 'source-unreachable', message: 'refused' },
          firstByteMs: null,
          bytesPerSecond: null,
          broughtBytes: 0,
          asked: false,
        }),
      ],
    },
  },
  {
    name: 'Disk Tour',
    applianceId: 'disk-tour',
    state: 'off',
    disk: {
      lengthBytes: 64 * MIB,
      localBytes: 9 * MIB,
      fileBytes: 9 * MIB,
      boot: null,
      masterName: 'Disk Tour',
    },
  },
  {
    name: 'Archive',
    applianceId: 'archive',
    state: 'running',
    disk: {
      lengthBytes: 64 * TIB,
      localBytes: 9 * TIB,
      fileBytes: Math.round(8.2 * TIB),
      rate: 118_000_000,
      etaMs: 5.9 * 86_400_000,
      limit: 120_000_000,
      masterName: 'Field measurement archive',
    },
  },
  {
    name: 'Old experiment',
    state: 'failed',
    failure: {
      code: 'io',
      message:
        'The disk image could not be read: input/output error at offset 1,245,184. Check the computer’s disk.',
    },
    disk: {
      localBytes: 40 * MIB,
      fileBytes: 41 * MIB,
      state: 'source-changed',
      rate: 0,
      etaMs: null,
      masterName: 'Fedora 14',
      sourceId: 'master-3',
      failure: {
        code: 'source-changed',
        message: 'https://images.example.org/old.raw has another ETag than when this disk began.',
      },
    },
  },
];

const yesterdayAt = (hour: number) => Date.UTC(2026, 10, 24, hour, 12);
export const PAST_NOTICES: readonly PastNotice[] = [
  {
    atMs: yesterdayAt(19),
    level: 'info',
    kind: 'disk-standalone',
    facts: ['Tiny Linux 2'],
    failure: null,
    subject: 'machine-4',
    text: 'Tiny Linux 2 is complete: its disk needs no network any more.',
  },
  {
    atMs: yesterdayAt(18),
    level: 'warning',
    kind: 'instant-start-refused',
    facts: ['Debian desktop'],
    failure: { code: 'malformed', message: 'the disk was written since', words: ['state-unfit'] },
    subject: 'machine-2',
    text: 'Debian desktop was booted. What was published to start it at once could not be used: the disk was written since.',
  },
  {
    atMs: yesterdayAt(9),
    level: 'error',
    kind: 'import-failed',
    facts: ['Measurements'],
    failure: {
      code: 'malformed',
      message: '‘measurements.qcow2’ is empty',
      words: ['file-empty', 'measurements.qcow2'],
    },
    subject: 'measurements',
    text: 'Measurements could not be imported: ‘measurements.qcow2’ is empty',
  },
];

function machinesOf(wanted: readonly Spec[]): Pick<Scenario, 'machines' | 'disks'> {
  const machines = wanted.map(({ disk, ...different }, index) => {
    const id = `machine-${index + 1}`;
    const diskId = `disk-${index + 1}`;
    const path = `/home/ada/.local/share/headwater/disks/${id}.qed`;
    const own = aDisk({ id: diskId, machineId: id, path, ...disk });
    return aMachine({ id, createdAtMs: Date.UTC(2026, 10, 20) - index * 1e7, ...different, disks: [own] });
  });
  return { machines, disks: machines.flatMap(({ disks }) => disks) };
}

const masters: readonly MasterView[] = [
  aMaster({ lengthBytes: 256 * MIB, neededBy: ['Tiny Linux', 'Course 2026'] }),
  aMaster({
    id: 'master-2',
    name: 'Debian 12',
    location: 'https://images.example.org/debian-12.8/disk.raw',
    source: 'http',
    verified: true,
    lengthBytes: 10 * GIB,
    neededBy: ['Debian desktop'],
  }),
  aMaster({
    id: 'master-3',
    name: 'Fedora 14',
    location: 'https://images.example.org/fedora-14.img',
    source: 'http',
    lengthBytes: 8 * GIB,
    neededBy: ['Old experiment'],
  }),
  aMaster({
    id: 'master-4',
    name: 'Alpine 3.18',
    location: 'https://images.example.org/alpine-3.18.raw',
    source: 'http',
    lengthBytes: 512 * MIB,
    neededBy: [],
  }),
];

const schedule: Preferences['schedule'] = [
  { days: [1, 2, 3, 4, 5], from: 8 * 60, to: 18 * 60, limit: 1_000_000 },
  { days: [0, 6], from: 22 * 60, to: 6 * 60, limit: 0 },
];

export function scenarioNamed(name: string): Scenario {
  const preferences = preferencesSchema.parse({ globalLimit: 2_500_000, schedule });
  const nothing = { appliances: [], machines: [], disks: [], masters: [], feeds: [], preferences };
  switch (name) {
    case 'empty':
      return { ...nothing, preferences: preferencesSchema.parse({}) };
    case 'broken':
      return {
        ...nothing,
        broken:
          'The catalog database is from a newer version of Headwater. Update Headwater; nothing was changed.',
      };
    case 'many':
      return {
        appliances: Array.from({ length: 5000 }, (_, index) => {
          const like = appliances[index % appliances.length];
          return anAppliance({
            ...like,
            id: `many-${index}`,
            name: `${like?.name ?? ''} ${index}`,
            recommended: index < 3,
          });
        }),
        ...machinesOf(
          Array.from({ length: 20 }, (_, index) => ({
            ...specs[index % specs.length],
            name: `Machine ${index + 1}`,
          })),
        ),
        masters,
        feeds,
        preferences,
      };
    default:
      return { appliances, ...machinesOf(specs), masters, feeds, preferences };
  }
}
