import type { Result } from '../../shared/result.ts';
import { Cell } from '../reactive/cell.ts';
import { charactersOf, typeText, type TypingOutcome } from './type-text.ts';

export interface TypingProgress {
  readonly done: number;
  readonly total: number;
}

/** The text that is being typed into a machine: one at a time. */
export class Typing {
  readonly #type: (piece: string) => Promise<Result<{ readonly left: number }>>;
  readonly #progress = new Cell<TypingProgress | null>(null);
  #cancel: AbortController | null = null;

  constructor(type: (piece: string) => Promise<Result<{ readonly left: number }>>) {
    this.#type = type;
  }

  /** Null while nothing is typed. */
  get progress(): TypingProgress | null {
    return this.#progress.value;
  }

  /** Null while another text is being typed, which goes on. */
  async type(text: string): Promise<TypingOutcome | null> {
    if (this.#cancel !== null) return null;
    this.#cancel = new AbortController();
    const total = charactersOf(text).length;
    const tell = (done: number) => (this.#progress.value = { done, total });
    tell(0);
    const outcome = await typeText(text, this.#type, tell, this.#cancel.signal);
    this.#progress.value = null;
    this.#cancel = null;
    return outcome;
  }

  /** The text ends soon. */
  cancel(): void {
    this.#cancel?.abort();
  }
}
