import os from 'node:os';
import { GIB } from '../../../shared/units.ts';
import type { Toolbox } from '../qemu/toolbox.ts';
import type { Workshop } from '../workshop/workshop.ts';

/** What one has to know about the machine to make anything of the figures. */
export function machineFacts(tools: Toolbox, workshop: Workshop): Record<string, string> {
  const cpus = os.cpus();
  return {
    processor: `${cpus.length} x ${cpus[0]?.model.trim() ?? 'unknown'}`,
    memory: `${(os.totalmem() / GIB).toFixed(0)} GiB`,
    kernel: `${os.type()} ${os.release()}`,
    node: process.version,
    qemu: tools.versions.get('qemu-img') ?? 'not installed',
    fio: tools.versions.get('fio') ?? 'not installed',
    folder: `${workshop.folder} (${workshop.fileSystem})`,
    'load at start': os
      .loadavg()
      .map((load) => load.toFixed(1))
      .join(' '),
    date: new Date().toISOString(),
  };
}

export function factsText(facts: Readonly<Record<string, string>>): string {
  return Object.entries(facts)
    .map(([name, value]) => `${`${name}:`.padEnd(16)}${value}\n`)
    .join('');
}
