/** Programs that stand where QEMU is expected, and do not do what it does. */
import fs from 'node:fs';
import path from 'node:path';
import { DONE, ok, type Result } from '../../shared/result.ts';
import { QemuHost, type QemuProgram } from '../../main/machines/qemu/host.ts';
import type { QemuDisk } from '../../main/machines/qemu/options.ts';
import { QemuMachine } from '../../main/machines/qemu/qemu-machine.ts';
import { tempFolder } from './temp-folder.ts';

const CONNECTS = `
const net = require('node:net');
const pathOf = (id) => process.argv.find((a) => a.startsWith('socket,id=' + id)).split('path=')[1];
const monitor = net.connect(pathOf('monitor'));
net.connect(pathOf('serial')).on('error', () => {});
const say = (what) => monitor.write((typeof what === 'string' ? what : JSON.stringify(what)) + '\\n');
say({ QMP: { version: {}, capabilities: [] } });
let text = '';
monitor.on('data', (bytes) => {
  const lines = (text += bytes).split('\\n');
  text = lines.pop();
  for (const line of lines) hear(JSON.parse(line), say);
});
`;

/** A program that speaks as QEMU does, but answers as it likes. @param hear the body of `(request, say) => …` */
export function talkingProgram(hear: string): QemuProgram {
  return scriptAsQemu(`#!${process.execPath}\nfunction hear(request, say) { ${hear} }\n${CONNECTS}`);
}

/** A script in the place of QEMU. */
export function scriptAsQemu(script: string): QemuProgram {
  const file = path.join(tempFolder(), 'qemu-system-x86_64');
  fs.writeFileSync(file, script, { mode: 0o755 });
  return { path: file, version: '7.2.0', accelerator: 'tcg', firmware: null, sandbox: [] };
}

/** A computer with something that is called QEMU, which is never run. */
export function hostWithQemu(): QemuHost {
  return new QemuHost({ path: path.dirname(scriptAsQemu('#!/bin/sh\nexit 1\n').path) });
}

/** A disk that nobody reads. */
const NO_DISK = {
  serveNbd: async () => ok({ id: 1 }),
  stopNbd: async () => DONE,
  flush: async () => DONE,
  status: () => new Promise(() => undefined),
} as unknown as QemuDisk;

/** A machine that such a program is to run. */
export function machineOf(program: QemuProgram): QemuMachine {
  return new QemuMachine({
    configuration: {
      name: 'Machine',
      arch: 'x86_64',
      memoryMiB: 64,
      diskBus: 'virtio',
      forwards: [],
      cloudId: null,
    },
    disk: NO_DISK,
    program: async (): Promise<Result<QemuProgram>> => ok(program),
    logFile: path.join(tempFolder(), 'log'),
  });
}
