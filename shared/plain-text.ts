import { z } from 'zod';

/**
 * Text that somebody else wrote and that stands on a line of a window or terminal: without control characters, which
 * would move the cursor, and without those that cannot be seen or that turn the direction of writing, which would make
 * it look like another. What joins letters and the parts of an emoji (U+200C, U+200D) may stay.
 */
export const plainText = (mostCharacters: number) =>
  z
    .string()
    .max(mostCharacters)
    .regex(
      /^[^\p{Cc}\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]*$/u,
      'text on one line, without control characters',
    );
