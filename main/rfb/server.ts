import type { RfbChannel } from './channel.ts';
import type { Framebuffer } from './framebuffer.ts';
import type { Rectangle } from './rectangle.ts';
import { Viewer, type PointerKind, type ViewerInput } from './viewer.ts';

export interface RfbServerParts {
  readonly framebuffer: Framebuffer;
  /** What viewers show as the title. */
  readonly name: string;
  readonly input: ViewerInput;
  /** What the guest has now; viewers look when they are told that something changed. */
  readonly pointer: () => PointerKind;
  /** The first viewer came, or the last one left. Without viewers the picture need not be kept up to date. */
  readonly onWatched: (watched: boolean) => void;
}

/**
 * Enough for people who look at one machine together. Each viewer may take as much memory as a message it has not
 * completed yet, 4 KiB, and what its connection holds.
 */
const MAX_VIEWERS = 16;

/** Shows one picture to any number of viewers. All may type. What one of them breaks ends that viewer alone. */
export class RfbServer {
  readonly #parts: RfbServerParts;
  readonly #viewers = new Set<Viewer>();

  constructor(parts: RfbServerParts) {
    this.#parts = parts;
  }

  get watched(): boolean {
    return this.#viewers.size > 0;
  }

  attach(channel: RfbChannel): void {
    if (this.#viewers.size >= MAX_VIEWERS) {
      channel.listen({ onBytes: () => undefined, onDrain: () => undefined, onClose: () => undefined });
      channel.close(`${this.#parts.name} is shown in ${MAX_VIEWERS} windows already; close one of them`);
      return;
    }
    const { framebuffer, name, input, pointer } = this.#parts;
    this.#viewers.add(
      new Viewer(channel, { framebuffer, name, input, pointer, onEnd: (ended) => this.#ended(ended) }),
    );
    if (this.#viewers.size === 1) this.#parts.onWatched(true);
  }

  /** Those pixels of the picture are new; or its size or the guest's pointer, which viewers see by themselves. */
  changed(areas: readonly Rectangle[]): void {
    for (const viewer of [...this.#viewers]) {
      for (const area of areas) viewer.damaged(area);
      viewer.update();
    }
  }

  close(reason: string | null): void {
    for (const viewer of [...this.#viewers]) viewer.close(reason);
  }

  #ended(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    if (!this.watched) this.#parts.onWatched(false);
  }
}
