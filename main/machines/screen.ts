/**
 * The picture a machine shows. Both back ends will offer it; no back end does yet: the place is kept so that the
 * console can be built against {@link Machine} alone.
 */
export interface ScreenSource {
  /** Current size in pixels; changes with the guest's video mode. */
  readonly size: { readonly width: number; readonly height: number };
  /** Calls `listener` with what changed, at most once per `minIntervalMs`. Returns a function that ends it. */
  watch(minIntervalMs: number, listener: (update: ScreenUpdate) => void): () => void;
}

/** A rectangle of new pixels: RGBA, row by row, `width * height * 4` bytes. */
export interface ScreenUpdate {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}
