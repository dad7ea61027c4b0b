import { z } from 'zod';
import { command, type Command } from '../protocol/command.ts';
import type { MonitoredDisk, MonitorTarget } from '../target.ts';
import type { Printable } from '../wire/json.ts';
import { fileNodeInfo, nodeInfo } from './block-info.ts';

const nothing = z.object({});

/** What is to know of disks and their images. */
export function blockCommands(target: MonitorTarget): Command[] {
  return [
    command('query-block', nothing, async () => {
      const infos = await Promise.all(target.disks().map((disk) => blockInfo(disk, target.machine !== null)));
      return { return: infos.flat() };
    }),
    command('query-named-block-nodes', z.object({ flat: z.boolean().optional() }), async ({ flat }) => {
      const nodes = await Promise.all(target.disks().map((disk) => nodesOf(disk, flat === true)));
      return { return: nodes.flat() };
    }),
  ];
}

/** `BlockInfo` of QEMU's schema. Nothing of a disk that was closed meanwhile. */
async function blockInfo(disk: MonitoredDisk, isAttached: boolean): Promise<Printable[]> {
  const layers = await disk.controls.layers();
  if (!layers.ok) return [];
  return [
    {
      device: disk.device,
      type: 'unknown',
      removable: !isAttached,
      locked: false,
      inserted: nodeInfo(layers.value),
      'io-status': isAttached ? 'ok' : undefined,
    },
  ];
}

async function nodesOf(disk: MonitoredDisk, flat: boolean): Promise<Printable[]> {
  const layers = await disk.controls.layers();
  if (!layers.ok) return [];
  return layers.value
    .map((layer, depth) => [nodeInfo(layers.value.slice(depth), flat), fileNodeInfo(layer)])
    .reverse()
    .flat()
    .filter((node) => node !== undefined);
}
