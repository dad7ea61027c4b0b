import type { Clock } from '../../../shared/clock.ts';
import { because, DONE, err, ok, type Result } from '../../../shared/result.ts';
import { alignDown, MIB } from '../../../shared/units.ts';
import { contentAt, readPadded } from '../../block/backing-read.ts';
import type { BlockDevice } from '../../block/device.ts';
import { NodeFile } from '../../block/node-file.ts';
import { RawDevice } from '../../block/raw.ts';
import { removeDraft } from '../../block/whole-file.ts';
import { createQed } from '../../qed/create.ts';
import { QedDevice } from '../../qed/device.ts';
import { QedImage } from '../../qed/image.ts';
import type { ImageChain } from '../chain/image-chain.ts';
import { openChain } from '../chain/open.ts';

export interface ExportRequest {
  readonly chain: ImageChain;
  /** The file to make; there must be none yet. */
  readonly target: string;
  readonly format: 'raw' | 'qed';
}

export interface TaskContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (fraction: number) => void;
}

const PIECE_BYTES = 4 * MIB;
/** What is looked at for zeroes at once: a cluster. */
const UNIT_BYTES = 64 * 1024;

/** Copies what a guest sees of a disk into one new file that needs no other. Zeroes take no space in it. */
export async function exportImage(request: ExportRequest, context: TaskContext): Promise<Result<void>> {
  const source = await openChain(request.chain, { clock: context.clock, readOnly: true });
  if (!source.ok) return source;
  const complete = refuseLooseEnd(source.value);
  const written = complete.ok ? await writeTarget(source.value, request, context) : complete;
  await source.value.close();
  return written;
}

async function writeTarget(
  source: BlockDevice,
  { target, format }: ExportRequest,
  context: TaskContext,
): Promise<Result<void>> {
  const file = NodeFile.create(target, { exclusive: true });
  if (!file.ok) return file;
  const device = await prepareTarget(file.value, format, source.lengthBytes, context.clock);
  const copied = device.ok ? await copyContent(source, device.value, context) : device;
  const closed = device.ok ? await device.value.close() : DONE;
  const written = copied.ok ? closed : copied;
  if (!written.ok) await removeDraft(target);
  return written;
}

async function prepareTarget(
  file: NodeFile,
  format: ExportRequest['format'],
  lengthBytes: number,
  clock: Clock,
): Promise<Result<BlockDevice>> {
  const prepared =
    format === 'raw' ? await file.setLength(lengthBytes) : await createQed(file, { imageBytes: lengthBytes });
  const device = prepared.ok ? await openTarget(file, format, clock) : prepared;
  if (!device.ok) await file.close();
  return device;
}

async function openTarget(file: NodeFile, format: 'raw' | 'qed', clock: Clock): Promise<Result<BlockDevice>> {
  if (format === 'raw') return RawDevice.open(file);
  const image = await QedImage.open(file, { clock });
  return image.ok ? ok(new QedDevice(image.value, null)) : image;
}

async function copyContent(
  source: BlockDevice,
  target: BlockDevice,
  { signal, progress }: TaskContext,
): Promise<Result<void>> {
  const buffer = new Uint8Array(PIECE_BYTES);
  for (let offset = 0; offset < source.lengthBytes;) {
    if (signal.aborted) return err('cancelled', 'The export was cancelled');
    const rest = source.lengthBytes - offset;
    const content = await contentAt(source, offset, rest);
    if (!content.ok) return content;
    const { zero, length } = content.value;
    const known = length === rest ? rest : alignDown(length, UNIT_BYTES);
    if (zero && known > 0) {
      offset += known;
      continue;
    }
    const piece = buffer.subarray(0, Math.min(PIECE_BYTES, rest));
    const read = await readPadded(source, offset, piece);
    if (!read.ok) return because(`Could not read byte ${offset}`, read);
    const stored = await storeData(target, offset, piece);
    if (!stored.ok) return because(`Could not write byte ${offset}`, stored);
    offset += piece.length;
    progress(offset / source.lengthBytes);
  }
  return target.flush();
}

/** The target is new: what is not written reads as zeroes. */
async function storeData(target: BlockDevice, offset: number, data: Uint8Array): Promise<Result<void>> {
  for (let start = 0; start < data.length;) {
    while (start < data.length && isZero(data.subarray(start, start + UNIT_BYTES))) start += UNIT_BYTES;
    let end = start;
    while (end < data.length && !isZero(data.subarray(end, end + UNIT_BYTES))) end += UNIT_BYTES;
    if (start >= data.length) break;
    const stored = await target.write(offset + start, data.subarray(start, Math.min(end, data.length)));
    if (!stored.ok) return stored;
    start = end;
  }
  return DONE;
}

const ZEROES = Buffer.alloc(UNIT_BYTES);

function isZero(data: Uint8Array): boolean {
  return ZEROES.compare(data, 0, data.length, 0, data.length) === 0;
}

/** An overlay without what lies behind it would come out with zeroes in place of data. */
function refuseLooseEnd(device: BlockDevice): Result<void> {
  for (let layer: BlockDevice | null = device; layer instanceof QedDevice; layer = layer.backing) {
    if (layer.backing === null && layer.image.backing !== null) {
      return err(
        'invalid-argument',
        `'${layer.name}' needs '${layer.image.backing.name}', which was not given`,
      );
    }
  }
  return DONE;
}
