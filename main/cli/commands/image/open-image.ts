import fs from 'node:fs';
import { systemClock } from '../../../../shared/clock.ts';
import { because, err, ok, type Err, type Result } from '../../../../shared/result.ts';
import { alignUp, SECTOR_BYTES } from '../../../../shared/units.ts';
import type { BlockDevice } from '../../../block/device.ts';
import { QedDevice } from '../../../qed/device.ts';
import { followChain } from '../../../storage/chain/follow.ts';
import type { ImageChain } from '../../../storage/chain/image-chain.ts';
import { isRemote, localPath, type ImageFormat } from '../../../storage/chain/location.ts';
import { openChain } from '../../../storage/chain/open.ts';
import { chooseFormat } from './format-choice.ts';
import type { Tool } from './tool.ts';

/** One image of a chain. */
export interface Layer {
  /** The file name or address as messages and `map` show it. */
  readonly location: string;
  readonly format: ImageFormat;
  readonly device: BlockDevice;
  /** Guest size, in bytes: whole sectors, so that the end of a raw file may be padded with zeroes. */
  readonly lengthBytes: number;
}

export interface OpenedImage extends Layer {
  readonly chain: ImageChain;
  /** The image and what is behind it, topmost first. */
  readonly layers: readonly Layer[];
}

export interface OpenRequest {
  /** `-f`; left out: {@link chooseFormat} decides. */
  readonly format?: string | undefined;
  readonly readOnly: boolean;
  /** Whether backing files are opened too. */
  readonly backing: boolean;
}

/** Opens an image by name. Failures read as the text after QEMU's `Could not open '...': `. */
export async function openImage(
  location: string,
  request: OpenRequest,
  tool: Tool,
): Promise<Result<OpenedImage>> {
  const problem = locationProblem(location);
  if (problem !== null) return err('invalid-argument', problem);
  const choice = chooseFormat(location, request.format);
  if (!choice.ok) return choice;
  if (choice.value.note !== undefined) tool.warn(choice.value.note);
  const { format } = choice.value;
  const name = localPath(location);
  if (!request.backing) return openLayers({ location: name, format, backing: null }, request.readOnly);
  const chain = await followChain(name, format, systemClock);
  return chain.ok ? openLayers(chain.value, request.readOnly) : withoutName(chain, name);
}

/** Opens a chain whose images and formats are known. */
export async function openLayers(chain: ImageChain, readOnly: boolean): Promise<Result<OpenedImage>> {
  const opened = await openChain({ ...chain, backing: null }, { clock: systemClock, readOnly });
  if (!opened.ok) return withoutName(opened, chain.location);
  const top = opened.value;
  const behind = top instanceof QedDevice && top.image.backing && chain.backing ? chain.backing : null;
  if (behind === null) return ok(openedImage(chain, top, null));
  const below = await openLayers(behind, true);
  if (!below.ok) {
    await top.close();
    return because('Could not open backing file', below);
  }
  const device = top instanceof QedDevice ? new QedDevice(top.image, below.value.device) : top;
  return ok(openedImage(chain, device, below.value));
}

function openedImage(chain: ImageChain, device: BlockDevice, below: OpenedImage | null): OpenedImage {
  const { location, format } = chain;
  const layer = { location, format, device, lengthBytes: alignUp(device.lengthBytes, SECTOR_BYTES) };
  return { ...layer, chain, layers: [layer, ...(below?.layers ?? [])] };
}

/** The QED engine's own view of an image, where it is QED. */
export function qedOf(layer: Layer): QedDevice | null {
  return layer.device instanceof QedDevice ? layer.device : null;
}

const PROTOCOLS = ['file', 'http', 'https', 'nbd', 'nbds', 'nbd+unix', 'nbds+unix'];

/** Why a name cannot be opened or created at all, in QEMU's words. */
export function locationProblem(location: string): string | null {
  const protocol = /^([a-z0-9+.-]+):/i.exec(location)?.[1]?.toLowerCase();
  if (protocol !== undefined && !PROTOCOLS.includes(protocol)) {
    return `Unknown protocol '${protocol}'`;
  }
  if (isRemote(location)) return null;
  const path = localPath(location);
  if (path === '') return "The 'file' block driver requires a file name";
  return isDirectory(path) ? `'file' driver requires '${path}' to be a regular file` : null;
}

/** False also for what cannot be looked up: opening it will say why. */
export function isDirectory(path: string): boolean {
  try {
    return fs.statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Engine messages begin with the name of a file or source where QEMU's do not, because it prints it before them. */
export function withoutName(failed: Err, location: string): Err {
  const { message } = failed.failure;
  const prefix = [`'${location}': `, `${location}: `].find((name) => message.startsWith(name));
  return prefix === undefined
    ? failed
    : { ok: false, failure: { ...failed.failure, message: message.slice(prefix.length) } };
}
