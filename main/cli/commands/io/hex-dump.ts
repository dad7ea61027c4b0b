const BYTES_PER_LINE = 16;
const LINES_AT_ONCE = 4096;

/** Prints bytes as `-v` does; `offset` is the disk address of the first. */
export function hexDump(bytes: Uint8Array, offset: number, print: (text: string) => void): void {
  let lines: string[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_PER_LINE) {
    lines.push(dumpLine(bytes.subarray(at, at + BYTES_PER_LINE), offset + at));
    if (lines.length < LINES_AT_ONCE) continue;
    print(lines.join(''));
    lines = [];
  }
  print(lines.join(''));
}

function dumpLine(bytes: Uint8Array, offset: number): string {
  let hex = '';
  let text = '';
  for (const byte of bytes) {
    hex += `${byte.toString(16).padStart(2, '0')} `;
    const character = String.fromCharCode(byte);
    text += /[0-9A-Za-z]/.test(character) ? character : '.';
  }
  return `${offset.toString(16).padStart(8, '0')}:  ${hex} ${text}\n`;
}
