import { describe, expect, it } from 'vitest';
import { processorsFor, qemuArguments, type QemuConfiguration, type QemuFiles } from './command-line.ts';
import type { QemuProgram } from './host.ts';

const FILES = { monitor: '/run/m', serial: '/run/s', vnc: '/run/v', disk: '/run/d', seed: null };
const PROGRAM: QemuProgram = {
  path: '/q',
  version: '7.2',
  accelerator: 'tcg',
  firmware: null,
  sandbox: ['-sandbox', 'on'],
};

function argumentsOf(
  over: Partial<QemuConfiguration> = {},
  program: Partial<QemuProgram> = {},
  files: Partial<QemuFiles> = {},
) {
  const configuration: QemuConfiguration = {
    name: 'guest',
    arch: 'x86_64',
    memoryMiB: 512,
    diskBus: 'virtio',
    forwards: [],
    cloudId: null,
    ...over,
  };
  const args = qemuArguments(configuration, { ...PROGRAM, ...program }, { ...FILES, ...files });
  /** What follows an option, each time it is given. */
  const of = (option: string) => args.flatMap((arg, at) => (args[at - 1] === option ? [arg] : []));
  return { args, of };
}

describe('the command line of QEMU', () => {
  it('makes only what is asked for, and takes nothing from files of the user', () => {
    const { args, of } = argumentsOf();
    for (const option of ['-nodefaults', '-no-user-config', '-S']) expect(args).toContain(option);
    expect(of('-sandbox')).toEqual(['on']);
    expect([of('-machine'), of('-m')]).toEqual([['q35'], ['512']]);
  });

  it('shows a guest the processor of the computer where that runs it, and all that can be emulated elsewhere', () => {
    expect(argumentsOf({}, { accelerator: 'kvm' }).of('-cpu')).toEqual(['host']);
    expect(argumentsOf().of('-cpu')).toEqual(['max']);
    expect(argumentsOf({}, { accelerator: 'hvf' }).of('-accel')).toEqual(['hvf']);
  });

  it('has few processors where they are emulated', () => {
    expect([1, 2, 4, 8, 64].map((present) => processorsFor('tcg', present))).toEqual([1, 1, 1, 2, 2]);
    expect([1, 2, 4, 64].map((present) => processorsFor('kvm', present))).toEqual([1, 2, 4, 4]);
  });

  it('gives guests for 32 bits the PC that they know', () => {
    expect(argumentsOf({ arch: 'i386' }).of('-machine')).toEqual(['pc']);
  });

  it('gives ARM guests a board with UEFI, a disk that is never IDE, a serial line, a screen and keys', () => {
    const { of } = argumentsOf({ arch: 'aarch64', diskBus: 'ide' }, { firmware: '/uefi.fd' });
    expect([of('-machine'), of('-bios'), of('-serial')]).toEqual([
      ['virt,gic-version=max'],
      ['/uefi.fd'],
      ['chardev:serial'],
    ]);
    const devices = of('-device');
    expect(devices.find((device) => device.includes('drive='))).toMatch(/^virtio-blk-pci,/);
    expect(devices).toEqual(expect.arrayContaining(['virtio-gpu-pci', 'usb-kbd']));
    expect(devices.some((device) => device.startsWith('isa-'))).toBe(false);
  });

  it('takes the disk from its socket, lets flushes through, and stops the guest where a request fails', () => {
    const { of } = argumentsOf();
    expect(of('-blockdev').map((json) => JSON.parse(json) as unknown)).toEqual([
      {
        driver: 'nbd',
        'node-name': 'disk',
        server: { type: 'unix', path: '/run/d' },
        cache: { direct: false, 'no-flush': false },
        discard: 'unmap',
        'detect-zeroes': 'unmap',
      },
    ]);
    const disk = of('-device').find((device) => device.includes('drive='));
    expect(disk).toBe('virtio-blk-pci,drive=disk,bootindex=0,write-cache=on,rerror=stop,werror=stop');
    const slower = argumentsOf({ diskBus: 'ide' }).of('-device');
    expect(slower.find((device) => device.includes('drive='))).toMatch(/^ide-hd,/);
  });

  it('has the disk for cloud-init beside the other one, to be read only, and boots from the other', () => {
    const { of } = argumentsOf({}, {}, { seed: '/run/seed' });
    expect(of('-blockdev').map((json) => JSON.parse(json) as unknown)).toContainEqual({
      driver: 'file',
      'node-name': 'seed',
      filename: '/run/seed',
      'read-only': true,
    });
    const disks = of('-device').filter((device) => device.includes('drive='));
    expect(disks.map((device) => device.includes('bootindex'))).toEqual([true, false]);
  });

  it('forwards ports of this computer alone', () => {
    const forwards = [
      { protocol: 'tcp', hostPort: 2222, guestPort: 22 },
      { protocol: 'udp', hostPort: 5353, guestPort: 53 },
    ] as const;
    expect(argumentsOf({ forwards }).of('-netdev')).toEqual([
      'user,id=network,hostfwd=tcp:127.0.0.1:2222-:22,hostfwd=udp:127.0.0.1:5353-:53',
    ]);
    expect(argumentsOf().of('-netdev')).toEqual(['user,id=network']);
  });

  it('takes a name for a name, whatever it looks like', () => {
    expect(argumentsOf({ name: 'a,debug-threads=on' }).of('-name')).toEqual(['guest=a,,debug-threads=on']);
  });
});
