import type { IoCommand } from '../io-command.ts';

/**
 * QEMU's `blkdebug` driver stops requests at breakpoints. No driver of ours does, and QEMU's own for files and images
 * answer these commands in the same way.
 */
function unsupported(
  name: string,
  synopsis: string,
  summary: string,
  answer: (words: readonly string[]) => string,
): IoCommand {
  const count = synopsis.split(' ').length;
  return {
    name,
    synopsis,
    summary,
    words: [count, count],
    needs: 'disk',
    run: async (call) => call.refuse(`${answer(call.words)}: Operation not supported`),
  };
}

export const breakpoint = unsupported(
  'break',
  'event tag',
  'sets a breakpoint on event and tags the stopped request as tag',
  () => 'Could not set breakpoint',
);

export const removeBreak = unsupported(
  'remove_break',
  'tag',
  'remove a breakpoint by tag',
  ([tag = '']) => `Could not remove breakpoint ${tag}`,
);

export const resume = unsupported(
  'resume',
  'tag',
  'resumes the request tagged as tag',
  () => 'Could not resume request',
);

export const waitBreak = unsupported(
  'wait_break',
  'tag',
  'waits for the suspension of a request',
  // QEMU waits forever here.
  () => 'Could not wait for a breakpoint',
);
