import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Children } from '../workshop/children.ts';

const PROBE_TIMEOUT_MS = 10_000;

/** What the other side needs, and the Debian package it comes in. */
export const TOOLS = {
  'qemu-img': 'qemu-utils',
  'qemu-io': 'qemu-utils',
  'qemu-nbd': 'qemu-utils',
  'qemu-storage-daemon': 'qemu-system-common',
  'qemu-system-i386': 'qemu-system-x86',
  fio: 'fio',
  /** QEMU's HTTP driver, a loadable module. */
  'block-curl': 'qemu-block-extra',
} as const;

export type Tool = keyof typeof TOOLS;

/** Which of the other side's tools are here, and their versions. */
export class Toolbox {
  readonly versions: ReadonlyMap<Tool, string>;

  static async look(children: Children): Promise<Toolbox> {
    const versions = new Map<Tool, string>();
    for (const tool of [
      'qemu-img',
      'qemu-io',
      'qemu-nbd',
      'qemu-storage-daemon',
      'qemu-system-i386',
      'fio',
    ] as const) {
      const told = await children.run(tool, ['--version'], PROBE_TIMEOUT_MS);
      if (told.ok) versions.set(tool, told.value.stdout.split('\n')[0] ?? '');
    }
    if (versions.has('qemu-img') && (await hasHttpDriver(children))) versions.set('block-curl', 'present');
    return new Toolbox(versions);
  }

  private constructor(versions: ReadonlyMap<Tool, string>) {
    this.versions = versions;
  }

  /** Those of `needed` that are not here. */
  missing(needed: readonly Tool[]): Tool[] {
    return needed.filter((tool) => !this.versions.has(tool));
  }
}

/** What to do about missing tools, in one line. */
export function remedyFor(missing: readonly Tool[]): string {
  const packages = [...new Set(missing.map((tool) => TOOLS[tool]))].sort();
  return `${missing.join(', ')} not found: apt-get install ${packages.join(' ')}`;
}

/** Without the module QEMU takes the address for a protocol it never heard of. */
async function hasHttpDriver(children: Children): Promise<boolean> {
  const server = createServer((_request, response) => response.writeHead(404).end());
  const port = await listen(server);
  const asked = await children.run('qemu-img', ['info', `http://127.0.0.1:${port}/`], PROBE_TIMEOUT_MS);
  server.close();
  return asked.ok || !/unknown (protocol|driver)/i.test(asked.failure.message);
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
