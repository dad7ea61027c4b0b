import { USUAL_HARDWARE } from '../../shared/hardware.ts';
/** Things as the main process would send them, with what a test or a demonstration wants to be different. */
import type { ApplianceView, MasterView } from '../../shared/ipc/catalog.ts';
import type { DiskSource } from '../../shared/ipc/disk-sources.ts';
import type { FeedView } from '../../shared/ipc/feeds.ts';
import type { DiskView, MachineView } from '../../shared/ipc/machines.ts';
import { GIB, MIB } from '../../shared/units.ts';

export function aDisk(different: Partial<DiskView> = {}): DiskView {
  return {
    id: 'disk-1',
    machineId: 'machine-1',
    masterId: 'master-1',
    masterName: 'Tiny Linux',
    sourceId: 'master-1',
    copy: null,
    kind: 'standalone',
    path: '/home/ada/.local/share/headwater/disks/tiny-linux.qed',
    lengthBytes: 256 * MIB,
    localBytes: 96 * MIB,
    fileBytes: 97 * MIB,
    state: 'streaming',
    rate: 2_400_000,
    etaMs: 70_000,
    heldBy: null,
    boot: { bytes: 14 * MIB, missingBytes: 0 },
    bootPack: null,
    sources: [],
    limit: 0,
    ownLimit: null,
    priority: 'normal',
    onError: 'report',
    failure: null,
    waitingReads: 0,
    ...different,
  };
}

export function aSource(different: Partial<DiskSource> = {}): DiskSource {
  return {
    location: 'https://mirror.example.org/masters/tiny-linux/',
    state: 'answers',
    failingForSeconds: null,
    failure: null,
    wrongAnswers: 0,
    firstByteMs: 24,
    bytesPerSecond: 1_300_000,
    broughtBytes: 61 * MIB,
    asked: true,
    ...different,
  };
}

export function aMachine(different: Partial<MachineView> = {}): MachineView {
  return {
    id: 'machine-1',
    name: 'Tiny Linux',
    applianceId: 'tiny-linux',
    memoryMiB: 128,
    hardware: USUAL_HARDWARE,
    runsOn: { backEnd: 'v86', qemu: null },
    canSuspend: true,
    state: 'running',
    failure: null,
    wait: null,
    loginHint: 'Log in as root; there is no password.',
    cloudInit: false,
    createdAtMs: Date.UTC(2026, 10, 20, 9, 30),
    startedAtMs: Date.UTC(2026, 10, 20, 9, 31),
    savedState: null,
    instantStart: null,
    savedFraction: null,
    disks: [],
    ...different,
  };
}

export function anAppliance(different: Partial<ApplianceView> = {}): ApplianceView {
  return {
    id: 'tiny-linux',
    name: 'Tiny Linux',
    summary:
      'A small Linux with real tools: bash, editors, Python, SQLite and everything for looking at disks.',
    publisher: 'Headwater',
    version: '1.0',
    arch: 'i386',
    licence: 'GPL-2.0 and other free licences',
    loginHint: 'Log in as root; there is no password.',
    cloudInit: false,
    memoryMiB: 128,
    diskBytes: 256 * MIB,
    bootBytes: 14 * MIB,
    instantStart: null,
    source: 'recipe',
    feed: null,
    withdrawn: false,
    homepage: null,
    icon: null,
    tags: [],
    recommended: true,
    runsOn: ['v86', 'qemu'],
    available: true,
    downloadBytes: null,
    unavailableBecause: null,
    ...different,
  };
}

export function aMaster(different: Partial<MasterView> = {}): MasterView {
  return {
    id: 'master-1',
    name: 'Tiny Linux',
    role: 'master',
    location: '/home/ada/.local/share/headwater/masters/tiny-linux.raw',
    source: 'recipe',
    lengthBytes: 2 * GIB,
    verified: false,
    neededBy: ['Tiny Linux'],
    ...different,
  };
}

export function aFeedView(different: Partial<FeedView> = {}): FeedView {
  return {
    id: '0123456789abcdef',
    kind: 'signed',
    name: 'Example appliances',
    feedId: 'org.example.appliances',
    location: 'https://appliances.example.org/feed.json',
    key: 'RWSIjABDNCI6A7fEVet2IbHA52CR8RK+cumFjF1f/9DMm/XJAhvSWA1i',
    fingerprint: '8c1f 22d0 9b3e 71aa 05c4 fe68 1d97 b2e3 40aa 97c1 6e02 d4f8 3b59 a1c0 77de 1f26',
    serial: 42,
    issuedMs: Date.UTC(2026, 10, 20),
    expiresMs: Date.UTC(2026, 11, 20),
    appliances: 12,
    unreadable: 0,
    state: 'current',
    refreshing: false,
    held: false,
    checkedMs: Date.UTC(2026, 10, 25, 9, 30),
    failure: null,
    ...different,
  };
}
