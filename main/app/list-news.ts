import type { Result } from '../../shared/result.ts';

export interface ListNewsParts<Listed> {
  readonly list: () => Promise<Result<Listed>>;
  readonly publish: (listed: Listed) => void;
  readonly warn: (text: string) => void;
}

/**
 * Tells of a whole list whenever something in it changed. There is one listing at a time, and one more when something
 * changed meanwhile: of two at the same time the older one might be told last, and stay.
 */
export function listNews<Listed>({ list, publish, warn }: ListNewsParts<Listed>): () => void {
  /** Changes that no listing has seen, which began before them; one listing is under way while there are any. */
  let unseen = 0;

  async function tell(): Promise<void> {
    while (unseen > 0) {
      const before = unseen;
      const listed = await list();
      if (listed.ok) publish(listed.value);
      else warn(listed.failure.message);
      unseen -= before;
    }
  }

  return () => {
    unseen += 1;
    if (unseen === 1) void tell();
  };
}
