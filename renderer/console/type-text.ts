import type { Failure, Result } from '../../shared/result.ts';

/** So many characters are typed at once: the progress moves, and a cancelled text ends soon. */
const PIECE_CHARACTERS = 32;

export interface TypingOutcome {
  /** Characters that were dealt with: typed, or left out. */
  readonly done: number;
  /** How many of them the guest's keyboard does not have. */
  readonly left: number;
  /** Why it ended before the end of the text; null at the end and when it was cancelled. */
  readonly failure: Failure | null;
}

/**
 * Types a text of any length piece by piece, each when the guest has taken the one before.
 * @param type types a piece
 * @param onProgress told how many characters are done
 */
export async function typeText(
  text: string,
  type: (piece: string) => Promise<Result<{ readonly left: number }>>,
  onProgress: (done: number) => void,
  signal: AbortSignal,
): Promise<TypingOutcome> {
  const characters = charactersOf(text);
  let left = 0;
  for (let done = 0; done < characters.length;) {
    if (signal.aborted) return { done, left, failure: null };
    const piece = characters.slice(done, done + PIECE_CHARACTERS);
    const typed = await type(piece.join(''));
    if (!typed.ok) return { done, left, failure: typed.failure };
    left += typed.value.left;
    done += piece.length;
    onProgress(done);
  }
  return { done: characters.length, left, failure: null };
}

/** What is typed, or counted, as one: a character of Unicode; a line end of two is one. */
export function charactersOf(text: string): readonly string[] {
  return Array.from(text.replace(/\r\n?/g, '\n'));
}
