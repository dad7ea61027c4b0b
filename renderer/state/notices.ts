import { Cell } from './cell.ts';

export interface Notice {
  readonly id: number;
  readonly level: 'info' | 'warning' | 'error';
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
}

/** More would hide the window; the oldest goes. */
const MOST = 4;
/** What only informs goes by itself. Warnings and errors stay until they are dismissed. */
const INFO_MS = 8000;

export class Notices {
  readonly #shown = new Cell<readonly Notice[]>([]);
  #lastId = 0;

  get shown(): readonly Notice[] {
    return this.#shown.value;
  }

  add(level: Notice['level'], text: string, action?: Notice['action']): void {
    const notice = { id: (this.#lastId += 1), level, text, action };
    const others = this.shown.filter((other) => other.text !== text);
    this.#shown.value = [...others, notice].slice(-MOST);
    if (level === 'info') setTimeout(() => this.dismiss(notice.id), INFO_MS);
  }

  dismiss(id: number): void {
    this.#shown.value = this.shown.filter((notice) => notice.id !== id);
  }
}
