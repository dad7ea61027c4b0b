import { isRemote, localPath, resolveBacking, type ImageFormat } from '../../../storage/chain/location.ts';
import { chooseFormat } from './format-choice.ts';
import { stringOption, switchOption, type ImageOptions } from './image-options.ts';
import type { Tool } from './tool.ts';

/** Where an overlay at `imageLocation` finds the backing file `name`, spelled as QEMU spells it. */
export function backingLocation(imageLocation: string, name: string): string {
  return resolveBacking(localPath(imageLocation), name);
}

/** The format `chooseFormat` would give a backing file without a word from the user. */
export function guessedFormat(location: string): ImageFormat {
  const choice = chooseFormat(location, undefined);
  return choice.ok ? choice.value.format : 'raw';
}

/**
 * Fills in the format of the backing file where the syntax of 2011 leaves it out. QEMU has refused that since 6.1,
 * because it would have to probe; but `-o backing_file=F,copy_on_read=on,stream=on` comes from an RFC in which `F`
 * stood for a raw master, so with these flags the format is taken by the rule that opens images without `-f`, which
 * never lets a content choose a driver that follows references, and the choice is said.
 */
export function completeBackingFormat(target: string, options: ImageOptions, tool: Tool): void {
  const name = stringOption(options, 'backing_file');
  if (!name || stringOption(options, 'backing_fmt') !== undefined) return;
  if (!switchOption(options, 'copy_on_read') && !switchOption(options, 'stream')) return;
  const location = backingLocation(target, name);
  const choice = chooseFormat(location, undefined);
  const format = choice.ok ? choice.value.format : 'raw';
  options.set('backing_fmt', format);
  tool.note(
    `${target}: no backing_fmt given: taking '${name}' as ${format}; say backing_fmt=FORMAT to choose`,
  );
  const unlikely = choice.ok && choice.value.note !== undefined && !isRemote(location);
  if (unlikely) tool.warn(`'${name}' begins like a QED image; if it is one, say backing_fmt=qed`);
}
