import { z } from 'zod';

/**
 * Text that somebody else wrote and that stands on a line of a window or terminal: without control characters, which
 * would move the cursor, and without those that turn the direction of writing, which would make it look like another.
 */
export const plainText = (mostCharacters: number) =>
  z
    .string()
    .max(mostCharacters)
    .regex(
      /^[^\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/u,
      'text on one line, without control characters',
    );
