import { availableParallelism } from 'node:os';
import type { GuestArch } from '../../../shared/appliance.ts';
import type { PortForward } from '../../../shared/port-forward.ts';
import type { Accelerator } from './accelerator.ts';
import { boardOf, processorFor } from './boards.ts';
import type { QemuProgram } from './host.ts';

/** What a machine is made of. */
export interface QemuConfiguration {
  readonly name: string;
  readonly arch: GuestArch;
  readonly memoryMiB: number;
  /** What its guest finds its disk at: every guest with a driver knows `ide`, which is slower. */
  readonly diskBus: 'virtio' | 'ide';
  readonly forwards: readonly PortForward[];
  /** What cloud-init is to know the machine by; null for a guest that asks nobody. */
  readonly cloudId: string | null;
}

/** Unix sockets. QEMU waits for clients at `vnc`, and is a client at the others. */
export interface QemuSockets {
  readonly monitor: string;
  readonly serial: string;
  readonly vnc: string;
  readonly disk: string;
}

/** What QEMU finds in the folder that it is given. */
export interface QemuFiles extends QemuSockets {
  /** The disk that tells cloud-init about the machine; null where there is none. */
  readonly seed: string | null;
}

/** What QEMU calls the guest's disk in what it says. */
export const DISK_NODE = 'disk';

/** Where forwarded ports can be reached from: this computer, and no other. */
const FORWARD_ADDRESS = '127.0.0.1';

/**
 * As many processors as a guest has a use for and the computer can spare: few where each of them is emulated.
 * @param present how many the computer has
 */
export function processorsFor(accelerator: Accelerator, present: number): number {
  return accelerator === 'tcg' ? Math.min(2, Math.ceil(present / 4)) : Math.min(4, present);
}

/** The arguments of a QEMU that stands still until its monitor says otherwise. */
export function qemuArguments(
  configuration: QemuConfiguration,
  { accelerator, firmware, sandbox }: QemuProgram,
  files: QemuFiles,
): string[] {
  const { name, arch, memoryMiB } = configuration;
  const board = boardOf(arch);
  const processors = processorsFor(accelerator, availableParallelism());
  return [
    ...[
      '-name',
      `guest=${value(name)}`,
      '-nodefaults',
      '-no-user-config',
      ...sandbox,
      '-msg',
      'timestamp=on',
    ],
    ...['-machine', board.machine, '-accel', accelerator, '-cpu', processorFor(arch, accelerator)],
    ...(firmware === null ? [] : ['-bios', firmware]),
    ...['-smp', String(processors), '-m', String(memoryMiB), '-boot', 'menu=off,strict=on', '-S'],
    ...['-chardev', `socket,id=monitor,path=${value(files.monitor)}`, '-mon', 'chardev=monitor,mode=control'],
    ...['-chardev', `socket,id=serial,path=${value(files.serial)}`, ...board.serial],
    ...[...board.desk, '-vnc', `unix:${value(files.vnc)}`],
    ...diskArguments(configuration, files.disk),
    ...seedArguments(files.seed),
    ...networkArguments(configuration.forwards),
    ...['-object', 'rng-random,id=random,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=random'],
  ];
}

/**
 * What the guest writes is in our hands when its request is answered, and durable when its flush is. What it no longer
 * needs, or fills with zeroes, takes no space. A request that fails stops the guest instead of reaching it.
 */
function diskArguments({ arch, diskBus }: QemuConfiguration, path: string): string[] {
  const node = {
    driver: 'nbd',
    'node-name': DISK_NODE,
    server: { type: 'unix', path },
    cache: { direct: false, 'no-flush': false },
    discard: 'unmap',
    'detect-zeroes': 'unmap',
  };
  const device = boardOf(arch).disks[diskBus];
  const failures = 'rerror=stop,werror=stop';
  return [
    ...['-blockdev', JSON.stringify(node)],
    ...['-device', `${device},drive=${DISK_NODE},bootindex=0,write-cache=on,${failures}`],
  ];
}

/** A second disk, which nobody boots from. Guests made for clouds have the driver. */
function seedArguments(filename: string | null): string[] {
  if (filename === null) return [];
  const node = { driver: 'file', 'node-name': 'seed', filename, 'read-only': true };
  return ['-blockdev', JSON.stringify(node), '-device', 'virtio-blk-pci,drive=seed'];
}

/** A network of its own behind this computer, from which everything can be reached and which nothing reaches. */
function networkArguments(forwards: readonly PortForward[]): string[] {
  const rules = forwards.map(
    ({ protocol, hostPort, guestPort }) =>
      `,hostfwd=${protocol}:${FORWARD_ADDRESS}:${hostPort}-:${guestPort}`,
  );
  // Without its own firmware: nothing boots from the network.
  return ['-netdev', `user,id=network${rules.join('')}`, '-device', 'virtio-net-pci,netdev=network,romfile='];
}

/** A value in one of QEMU's lists of options, where commas stand between them. */
function value(text: string): string {
  return text.replaceAll(',', ',,');
}
