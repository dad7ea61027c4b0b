import { execFile } from 'node:child_process';
import fs from 'node:fs';
import type { Range } from '../range.ts';

/** Looking is not worth a process below this size, in bytes. */
const MIN_FILE_BYTES = 1024 * 1024;
/** A file in a million pieces takes some 30 MB to describe; what is more chopped than that is taken as stored. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

/** Prints `start end` of every stored stretch: `lseek` with `SEEK_DATA` (3) and `SEEK_HOLE` (4) on Linux. */
const SCRIPT = `
open(F, '<', $ARGV[0]) or exit 1;
for (my $end = 0; ; ) {
  my $start = sysseek(F, $end, 3);
  if (!defined $start) { exit($!{ENXIO} ? 0 : 1) }
  $end = sysseek(F, $start, 4);
  defined $end && $end > $start or exit 1;
  printf "%d %d\\n", $start, $end;
}`;

/**
 * The stretches of an open file that are stored, in order; what lies between them is holes. Null where nobody tells, or
 * where it is not worth asking: of a small file, and of one that takes as much space as it is long.
 *
 * Node has no `SEEK_HOLE`. Perl has, and is there on nearly every Linux system, so it is asked: of the descriptor, not
 * of a name, which may be another file's by now. Whatever goes wrong only means that zeroes are found by reading.
 */
export async function storedRanges(fd: number): Promise<readonly Range[] | null> {
  const file = statOf(fd);
  const isWorthIt = file !== null && file.size >= MIN_FILE_BYTES && isSparse(file);
  if (!isWorthIt || process.platform !== 'linux') return null;
  const answer = await ask(`/proc/${process.pid}/fd/${fd}`);
  return answer === null ? null : parseRanges(answer);
}

/** True when a file takes less space than it is long. */
export function isSparse({ blocks, size }: Pick<fs.Stats, 'blocks' | 'size'>): boolean {
  return blocks * 512 < size;
}

/** A text that is another one after every change: filling a hole takes space, also where two changes share a time. */
export function versionOf(fd: number): string | null {
  const file = statOf(fd);
  return file && `${file.size} ${file.blocks} ${file.mtimeMs} ${file.ctimeMs}`;
}

function statOf(fd: number): fs.Stats | null {
  try {
    return fs.fstatSync(fd);
  } catch {
    return null;
  }
}

function ask(path: string): Promise<string | null> {
  const options = { encoding: 'latin1', maxBuffer: MAX_ANSWER_BYTES, timeout: TIMEOUT_MS } as const;
  return new Promise((resolve) => {
    execFile('perl', ['-MErrno', '-e', SCRIPT, '--', path], options, (error, answer) =>
      resolve(error === null ? answer : null),
    );
  });
}

function parseRanges(answer: string): Range[] | null {
  const ranges: Range[] = [];
  let last = 0;
  for (const line of answer.split('\n').slice(0, -1)) {
    const [start, end] = line.split(' ').map(Number);
    if (start === undefined || end === undefined || !(start >= last && end > start)) return null;
    ranges.push({ offset: start, length: end - start });
    last = end;
  }
  return ranges;
}
