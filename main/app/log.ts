import fs from 'node:fs';
import path from 'node:path';

/** Where bugs and refusals are written down, with what windows must not see: stacks and paths. */
export interface Log {
  warn(text: string): void;
  /** Something that should not be possible; `cause` is whatever was thrown. */
  bug(context: string, cause: unknown): void;
}

const MAX_LOG_BYTES = 1024 * 1024;

/** Writes to a file, which is started anew when it has become long (one old one is kept), and to the error output. */
export function fileLog(file: string, now: () => Date): Log {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const write = (level: string, text: string) => {
    const line = `${now().toISOString()} ${level} ${text}\n`;
    process.stderr.write(line);
    try {
      if (sizeOf(file) > MAX_LOG_BYTES) fs.renameSync(file, `${file}.old`);
      fs.appendFileSync(file, line);
    } catch {
      // A full disk must not end the app; the error output has the line.
    }
  };
  return {
    warn: (text) => write('warning', text),
    bug: (context, cause) => write('bug', `${context}: ${describe(cause)}`),
  };
}

function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function describe(cause: unknown): string {
  if (cause instanceof Error) return cause.stack ?? cause.message;
  return String(cause);
}
