import fs from 'node:fs';
import { err, ok, type Result } from '../../../../shared/result.ts';
import { identityOf, isRemote } from '../../../storage/chain/location.ts';
import { humanSize } from '../../output/human-size.ts';
import { qemuJson, type JsonValue } from '../../output/qemu-json.ts';
import { visible } from '../../display/visible.ts';
import { backingLocation } from './backing-choice.ts';
import { openImage, qedOf } from './open-image.ts';
import { option, outputForm, OUTPUT_PROBLEM, type Subcommand, type Tool } from './tool.ts';

const OPTIONS = [
  option('format', '-f --format', 'required'),
  option('output', '--output', 'required'),
  option('chain', '--backing-chain'),
  option('share', '-U --force-share'),
] as const;

interface ImageInfo {
  readonly name: string;
  readonly format: string;
  readonly lengthBytes: number;
  /** Space the file takes on its disk; null where nobody tells. */
  readonly actualBytes: number | null;
  readonly clusterBytes: number | null;
  readonly backing: { readonly name: string; readonly location: string; readonly raw: boolean } | null;
  /** Headwater's own flags in the header. */
  readonly flags: readonly string[];
}

/** `info [-f fmt] [--output=ofmt] [--backing-chain] [-U] filename` */
export const info: Subcommand = async (args, tool) => {
  const given = tool.read(args, OPTIONS);
  if (typeof given === 'number') return given;
  const [name, surplus] = given.operands;
  if (name === undefined || surplus !== undefined) return tool.misuse('Expecting one image file name');
  const form = outputForm(given.value('output'));
  if (form === null) return tool.fail(OUTPUT_PROBLEM);
  const infos = await collect(name, given.value('format'), given.has('chain'), tool);
  if (!infos.ok) return tool.fail(infos.failure.message);
  const [first] = infos.value;
  if (form === 'human') tool.terminal.out(infos.value.map(humanText).join('\n'));
  else if (given.has('chain')) tool.terminal.out(`${qemuJson(infos.value.map(jsonOf))}\n`);
  else if (first !== undefined) tool.terminal.out(`${qemuJson(jsonOf(first))}\n`);
  return 0;
};

async function collect(
  name: string,
  format: string | undefined,
  wholeChain: boolean,
  tool: Tool,
): Promise<Result<ImageInfo[]>> {
  const infos: ImageInfo[] = [];
  const seen = new Set<string>();
  for (
    let next: { location: string; format: string | undefined } | null = { location: name, format };
    next;
  ) {
    const { location } = next;
    const identity = identityOf(location);
    if (seen.has(identity)) {
      return err('invalid-argument', `Backing file '${location}' creates an infinite loop.`);
    }
    seen.add(identity);
    const one = await inspect(location, next.format, tool);
    if (!one.ok) return err(one.failure.code, `Could not open '${location}': ${one.failure.message}`);
    infos.push(one.value);
    const { backing } = one.value;
    next = wholeChain && backing ? { location: backing.location, format: backing.raw ? 'raw' : 'qed' } : null;
  }
  return ok(infos);
}

async function inspect(location: string, format: string | undefined, tool: Tool): Promise<Result<ImageInfo>> {
  const opened = await openImage(location, { format, readOnly: true, backing: false }, tool);
  if (!opened.ok) return opened;
  const image = opened.value;
  const qed = qedOf(image)?.image ?? null;
  const reference = qed?.backing ?? null;
  const flags = (['COPY_ON_READ', 'STREAM'] as const).filter((flag) => qed?.hasCompatFeature(flag));
  const result: ImageInfo = {
    name: image.location,
    format: image.format,
    lengthBytes: image.lengthBytes,
    actualBytes: isRemote(image.location) ? null : fs.statSync(image.location).blocks * 512,
    clusterBytes: qed?.geometry.clusterBytes ?? null,
    backing: reference && { ...reference, location: backingLocation(image.location, reference.name) },
    flags: flags.map((flag) => flag.toLowerCase()),
  };
  const closed = await image.device.close();
  return closed.ok ? ok(result) : closed;
}

function humanText(image: ImageInfo): string {
  const { backing, clusterBytes, actualBytes } = image;
  const actualPath =
    backing && backing.location !== backing.name ? ` (actual path: ${visible(backing.location)})` : '';
  return [
    `image: ${image.name}`,
    `file format: ${image.format}`,
    `virtual size: ${humanSize(image.lengthBytes)} (${image.lengthBytes} bytes)`,
    `disk size: ${actualBytes === null ? 'unavailable' : humanSize(actualBytes)}`,
    ...(clusterBytes === null ? [] : [`cluster_size: ${clusterBytes}`]),
    ...(backing === null ? [] : [`backing file: ${visible(backing.name)}${actualPath}`]),
    ...(backing?.raw === true ? ['backing file format: raw'] : []),
    ...(image.flags.length === 0 ? [] : ['Format specific information:']),
    ...image.flags.map((flag) => `    ${flag.replaceAll('_', ' ')}: true`),
    '',
  ].join('\n');
}

function jsonOf({ backing, clusterBytes, actualBytes, flags, ...image }: ImageInfo): JsonValue {
  const data = Object.fromEntries(flags.map((flag) => [flag.replaceAll('_', '-'), true]));
  return {
    filename: image.name,
    format: image.format,
    'virtual-size': image.lengthBytes,
    ...(actualBytes !== null && { 'actual-size': actualBytes, 'dirty-flag': false }),
    ...(clusterBytes !== null && { 'cluster-size': clusterBytes }),
    ...(backing !== null && { 'backing-filename': backing.name, 'full-backing-filename': backing.location }),
    ...(backing?.raw === true && { 'backing-filename-format': 'raw' }),
    ...(flags.length > 0 && { 'format-specific': { type: 'qed', data } }),
  };
}
