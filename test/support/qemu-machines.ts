/** Real machines in QEMU, and the processes that run them. */
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { PortForward } from '../../shared/port-forward.ts';
import { ok } from '../../shared/result.ts';
import { QemuHost } from '../../main/machines/qemu/host.ts';
import { makeQemuMachine } from '../../main/machines/qemu/make-machine.ts';
import type { MakeMachine } from './machine-workbench.ts';
import { tempFolder } from './temp-folder.ts';

/** What works is found out once for all tests of a file. */
const host = new QemuHost();

/** Runs appliances in QEMU, as their descriptions say. */
export function inQemu(forwards: readonly PortForward[] = [], logFile = newLogFile()): MakeMachine {
  return ({ description: { name, arch, memoryMiB, diskBus = 'virtio', cloudInit } }, disk) => {
    const cloudId = cloudInit === true ? 'test' : null;
    const wishes = { name, arch, memoryMiB, diskBus, forwards, cloudId, accelerate: true, logFile };
    return ok(makeQemuMachine(host, wishes, disk));
  };
}

function newLogFile(): string {
  return path.join(tempFolder(), 'qemu.log');
}

/** The QEMU that a process has started, itself or through others, by its number. */
export async function qemuOf(ancestor: number): Promise<number> {
  const found = () => processes().find(({ program, pid }) => isQemu(program) && descends(pid, ancestor))?.pid;
  await expect.poll(found).toBeDefined();
  return found() ?? 0;
}

export function isRunning(pid: number): boolean {
  return processes().some((process) => process.pid === pid);
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly program: string;
}

function isQemu(program: string): boolean {
  return /qemu-system-\w+$/.test(program);
}

function descends(pid: number, ancestor: number): boolean {
  const parent = processes().find((process) => process.pid === pid)?.parent ?? 0;
  return parent === ancestor || (parent > 1 && descends(parent, ancestor));
}

function processes(): Process[] {
  return fs.readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const [program = ''] = fs.readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0');
      const parent = /^PPid:\s*(\d+)$/m.exec(fs.readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1];
      return [{ pid: Number(entry), parent: Number(parent), program }];
    } catch {
      return []; // it has ended
    }
  });
}
