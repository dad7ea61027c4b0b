import fs from 'node:fs';
import { err, ok, type Result } from '../../shared/result.ts';
import { failureFromSystem } from '../../shared/errno.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;

export interface SmallFileLimits {
  /** A longer file is none of those that are looked for. */
  readonly mostBytes: number;
  /** Whether a symbolic link may stand in its place: yes, unless it is said otherwise. */
  readonly links?: 'followed' | 'refused';
}

/**
 * Reads a file that somebody else may have put there, in bounded time and memory, whatever it turns out to be. Fails
 * with `invalid-argument` where it is no regular file (pipes could hang, devices never end), and with `malformed`
 * where it is longer than it may be.
 */
export function readSmallFile(
  file: string,
  { mostBytes, links = 'followed' }: SmallFileLimits,
): Result<Buffer> {
  try {
    // Without O_NONBLOCK the opening of a pipe that nobody writes to would never return.
    const fd = fs.openSync(file, O_RDONLY | O_NONBLOCK | (links === 'refused' ? O_NOFOLLOW : 0));
    try {
      if (!fs.fstatSync(fd).isFile()) return notRegular(file);
      const bytes = readUpTo(fd, mostBytes + 1);
      if (bytes.length <= mostBytes) return ok(bytes);
      return err('malformed', `'${file}' is too long: more than ${mostBytes} bytes`);
    } finally {
      fs.closeSync(fd);
    }
  } catch (error) {
    const failed = failureFromSystem(error, `Could not read '${file}'`);
    // What O_NOFOLLOW says of a link, and the opening of a socket.
    return ['ELOOP', 'ENXIO'].includes(failed.failure.errno ?? '') ? notRegular(file) : failed;
  }
}

/** What a file says of its length is not trusted: it may grow while it is read. */
function readUpTo(fd: number, mostBytes: number): Buffer {
  const bytes = Buffer.alloc(mostBytes);
  let done = 0;
  while (done < mostBytes) {
    const count = fs.readSync(fd, bytes, done, mostBytes - done, null);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

function notRegular(file: string) {
  return err('invalid-argument', `'${file}' is not a regular file`);
}
