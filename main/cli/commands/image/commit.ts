import { because, DONE, err, ok, type Result } from '../../../../shared/result.ts';
import type { BlockDevice } from '../../../block/device.ts';
import { layersOf, type ImageChain } from '../../../storage/chain/image-chain.ts';
import { identityOf, isRemote } from '../../../storage/chain/location.ts';
import { ProgressLine } from '../../output/progress-line.ts';
import { backingLocation } from './backing-choice.ts';
import { isCacheMode } from './cache-mode.ts';
import { ownContentAt } from './copy/own-content.ts';
import { copyPieces } from './copy/ordered-pieces.ts';
import { Throttle } from './copy/throttle.ts';
import { emptyQed } from './empty-qed.ts';
import { changeLength } from './grow.ts';
import { HeldImage } from './held-image.ts';
import { openImage, openLayers, type OpenedImage } from './open-image.ts';
import { EXIT_INTERRUPTED, option, type Subcommand, type Tool } from './tool.ts';

const OPTIONS = [
  option('format', '-f', 'required'),
  option('cache', '-t', 'required'),
  option('base', '-b', 'required'),
  option('rate', '-r', 'required'),
  option('drop', '-d'),
  option('progress', '-p'),
  option('quiet', '-q'),
] as const;

const PIECE_BYTES = 1024 * 1024;

/** `commit [-q] [-f fmt] [-t cache] [-b base] [-r rate_limit] [-d] [-p] filename` */
export const commit: Subcommand = async (args, tool) => {
  const given = tool.read(args, OPTIONS);
  if (typeof given === 'number') return given;
  const rate = tool.size('rate limit', given.value('rate') ?? '0');
  if (!rate.ok) return tool.fail(rate.failure.message);
  const [name, surplus] = given.operands;
  if (name === undefined || surplus !== undefined) return tool.misuse('Expecting one image file name');
  if (!isCacheMode(given.value('cache')))
    return tool.fail(`Invalid cache option: ${given.value('cache') ?? ''}`);
  const opened = await openImage(
    name,
    { format: given.value('format'), readOnly: true, backing: true },
    tool,
  );
  if (!opened.ok) return tool.fail(`Could not open '${name}': ${opened.failure.message}`);
  await opened.value.device.close();
  const split = splitChain(opened.value, given.value('base'));
  if (!split.ok) return tool.fail(split.failure.message);

  const quiet = given.has('quiet');
  const progress = new ProgressLine(tool.terminal, given.has('progress') && !quiet, 1);
  const keepContent = given.has('drop') || given.has('base');
  const done = await commitInto(split.value, keepContent, new Throttle(rate.value), progress, tool);
  progress.end();
  if (!done.ok && done.failure.code === 'cancelled') {
    return tool.fail(`interrupted; '${name}' is unchanged and can be committed again`, EXIT_INTERRUPTED);
  }
  if (!done.ok) return tool.fail(done.failure.message);
  if (!quiet) tool.terminal.out('Image committed.\n');
  return 0;
};

interface Split {
  /** The layers to commit, without what is behind them. */
  readonly above: ImageChain;
  readonly base: ImageChain;
}

/** Cuts the chain at the base: the nearest backing file, or the one that `-b` names. */
function splitChain(image: OpenedImage, baseName: string | undefined): Result<Split> {
  const layers = layersOf(image.chain);
  if (layers.length === 1 && baseName === undefined) {
    return err('invalid-argument', 'Image does not have a backing file');
  }
  const index =
    baseName === undefined
      ? 1
      : layers.findIndex((layer, depth) => depth > 0 && isNamed(layer, baseName, image));
  const base = layers[index];
  if (base === undefined) {
    return err('not-found', `Did not find '${baseName ?? ''}' in the backing chain of '${image.location}'`);
  }
  if (isRemote(base.location)) {
    return err('read-only', `'${base.location}' is a remote source and can only be read`);
  }
  const above = layers
    .slice(0, index)
    .reduceRight<ImageChain | null>((backing, { location, format }) => ({ location, format, backing }), null);
  return above === null ? err('invalid-argument', 'Image does not have a backing file') : ok({ above, base });
}

/** As in QEMU, a base may be named as the image stores it, or as a path from here. */
function isNamed(layer: ImageChain, name: string, image: OpenedImage): boolean {
  const names = [name, backingLocation(image.location, name)];
  return names.some((candidate) => identityOf(candidate) === identityOf(layer.location));
}

async function commitInto(
  { above, base }: Split,
  keepContent: boolean,
  throttle: Throttle,
  progress: ProgressLine,
  tool: Tool,
): Promise<Result<void>> {
  const heldTop = HeldImage.hold(above.location);
  if (!heldTop.ok) return heldTop;
  const heldBase = HeldImage.hold(base.location);
  try {
    if (!heldBase.ok) return heldBase;
    const source = await openLayers(above, true);
    if (!source.ok) return because(`Could not open '${above.location}'`, source);
    const copied = await copyDown(source.value, heldBase.value, base, throttle, progress, tool);
    const closed = await source.value.device.close();
    if (!copied.ok || !closed.ok) return copied.ok ? closed : copied;
    return keepContent ? DONE : await empty(heldTop.value);
  } finally {
    if (heldBase.ok) heldBase.value.release();
    heldTop.value.release();
  }
}

/** Copies what the layers store into the base, durably. */
async function copyDown(
  source: OpenedImage,
  held: HeldImage,
  base: ImageChain,
  throttle: Throttle,
  progress: ProgressLine,
  tool: Tool,
): Promise<Result<void>> {
  const opened = await held.open(base);
  if (!opened.ok) return because(`Could not open '${base.location}'`, opened);
  const target = opened.value;
  const grown =
    target.lengthBytes < source.lengthBytes ? await changeLength(target, source.lengthBytes) : DONE;
  const copied = grown.ok ? await copyOwn(source, target, throttle, progress, tool) : grown;
  const flushed = await target.flush();
  const closed = await target.close();
  return copied.ok ? (flushed.ok ? closed : flushed) : copied;
}

async function copyOwn(
  source: OpenedImage,
  target: BlockDevice,
  throttle: Throttle,
  progress: ProgressLine,
  tool: Tool,
): Promise<Result<void>> {
  const end = source.lengthBytes;
  let position = 0;
  const next = async () => {
    while (position < end) {
      const content = await ownContentAt(source.device, Infinity, position, end - position);
      if (!content.ok) return content;
      const { zero, missing, length: reach } = content.value;
      const length = zero || missing ? reach : Math.min(reach, PIECE_BYTES);
      const offset = position;
      position += length;
      if (!missing) return ok({ offset, length, zero });
    }
    return ok(null);
  };
  const copied = await copyPieces(
    {
      next,
      fetch: (piece, buffer) => source.device.read(piece.offset, buffer),
      async store({ offset, length, zero }, data) {
        await throttle.spend(length, tool.terminal.interrupted);
        progress.report(offset, end);
        return zero ? target.writeZeroes(offset, length) : target.write(offset, data);
      },
    },
    { fetches: 1, stores: 1 },
    PIECE_BYTES,
    tool,
  );
  if (copied.ok) progress.report(1, 1);
  return copied;
}

async function empty(held: HeldImage): Promise<Result<void>> {
  const file = held.openFile();
  if (!file.ok) return file;
  const emptied = await emptyQed(file.value);
  const closed = await file.value.close();
  return emptied.ok ? closed : emptied;
}
