/**
 * Reads the text on a guest's screen off the pixels of its console window, as a person does: by the shapes of letters.
 * The shapes are those of the firmware, which a Linux guest in text mode keeps.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { characterOf } from '../../../main/machines/v86/screen/code-page-437.ts';
import { ROOT } from './build.ts';

const GLYPH_LINES = 16;
/** The letter A of the 8 by 16 font of every VGA: by it the font is found in the firmware. */
const LETTER_A = Buffer.from('000010386cc6c6fec6c6c6c600000000', 'hex');

/** Where all dots of a cell count: 16 lines of 8 dots, a byte each. */
type Glyph = Uint8Array;

const font = ((): readonly Glyph[] => {
  const firmware = readFileSync(path.join(ROOT, '.cache/firmware/vgabios-stdvga.bin'));
  const begin = firmware.indexOf(LETTER_A) - 0x41 * GLYPH_LINES;
  return Array.from({ length: 256 }, (_, code) =>
    firmware.subarray(begin + code * GLYPH_LINES, begin + (code + 1) * GLYPH_LINES),
  );
})();

/** Of several characters that look the same the first is meant: a blank rather than one that does not break. */
const known = new Map(
  font.map((glyph, code) => [Buffer.from(glyph).toString('hex'), characterOf(code)] as const).reverse(),
);

/** The rows of text that a console window shows, without blanks at their ends; empty while it shows no text mode. */
export async function guestText(console: Page): Promise<string> {
  const rows = await console.evaluate(glyphsOnScreen, GLYPH_LINES);
  return rows
    .map((cells) => cells.map(characterLike).join('').trimEnd())
    .join('\n')
    .trimEnd();
}

/** Two lines near the foot of a cell: the cursor of firmware, or of Linux. */
const CURSOR = /ffff(?=(..){0,2}$)/;

/** The character whose shape is nearest: the cursor may have covered a part of it. */
function characterLike(hex: string): string {
  const found = known.get(hex);
  if (found !== undefined) return found;
  const seen = Buffer.from(hex.replace(CURSOR, '0000'), 'hex');
  const distances = font.map((glyph) =>
    glyph.reduce((sum, line, at) => sum + dots(line ^ (seen[at] ?? 0)), 0),
  );
  const character = characterOf(distances.indexOf(Math.min(...distances)));
  known.set(hex, character);
  return character;
}

function dots(line: number): number {
  let count = 0;
  for (let bits = line; bits > 0; bits &= bits - 1) count++;
  return count;
}

/** Runs in the page. @returns a glyph in hexadecimal for every cell, row by row */
function glyphsOnScreen(lines: number): string[][] {
  const canvas = document.querySelector('canvas');
  const drawing = canvas?.getContext('2d');
  if (!canvas || !drawing || canvas.height === 0 || canvas.height % lines !== 0) return [];
  const width = canvas.width % 9 === 0 ? 9 : 8;
  const { data } = drawing.getImageData(0, 0, canvas.width, canvas.height);
  const pixels = new Uint32Array(data.buffer);
  return Array.from({ length: canvas.height / lines }, (_, row) =>
    Array.from({ length: canvas.width / width }, (_, column) => {
      const corner = row * lines * canvas.width + column * width;
      const background = pixels[corner + width - 1];
      return Array.from({ length: lines }, (_, line) => {
        let bits = 0;
        for (let x = 0; x < 8; x++)
          bits = bits * 2 + (pixels[corner + line * canvas.width + x] === background ? 0 : 1);
        return bits.toString(16).padStart(2, '0');
      }).join('');
    }),
  );
}
