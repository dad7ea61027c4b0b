/**
 * By what a remote source is recognised between requests, and after the program was away. A strong entity tag is the
 * only proof of equal bytes; with a weak one, or none, the date of the last change has to do, and where there is no date
 * either only the length is compared: such a source may be replaced by another of the same length without being noticed.
 */
export interface SourceIdentity {
  readonly lengthBytes: number;
  /** Entity tag, strong or weak. */
  readonly etag: string | null;
  readonly lastModified: string | null;
}
