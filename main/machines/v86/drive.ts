/**
 * What v86 expects of a hard disk. Read from its build 0.5.462; its type declarations do not tell. Any object with
 * `get`, `set` and `load` is taken as a drive as it is.
 *
 * There is no way to report failure, and no flush. One request is made at a time per channel. Ranges are whole
 * sectors. Writes by DMA complete when `done` is called; writes by PIO were completed before `set` is called.
 */
export interface V86Drive {
  readonly byteLength: number;
  /** Set by v86 before it calls {@link load}. */
  onload?: ((event: object) => void) | undefined;
  load(): void;
  /** `signal` aborts when the guest resets its disk: then `done` must not be called. v86 copies `data` in `done`. */
  get(
    start: number,
    length: number,
    done: (data: Uint8Array) => void,
    options?: { readonly signal?: AbortSignal },
  ): void;
  /** Called once, for the first sector, before the machine is built. */
  get_and_cache(start: number, length: number, done: (data: Uint8Array) => void): void;
  /** What {@link get_and_cache} brought, for the geometry. */
  get_from_cache(start: number, length: number): Uint8Array | undefined;
  /** `data` is a view of the controller's own buffer, good only during the call. */
  set(start: number, data: Uint8Array, done: () => void): void;
  get_state(): unknown[];
  set_state(state: unknown[]): void;
  get_buffer(done: (buffer: undefined) => void): void;
}
