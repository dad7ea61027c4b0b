import { MAX_STRING_BYTES } from '../../block/nbd/protocol.ts';

/** What stands behind the header of an option, read from front to back. Null wherever it is not as it must be. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  uint16(): number | null {
    if (this.#bytes.length - this.#at < 2) return null;
    this.#at += 2;
    return this.#bytes.readUInt16BE(this.#at - 2);
  }

  uint32(): number | null {
    if (this.#bytes.length - this.#at < 4) return null;
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }

  /** A length and so many bytes of text. */
  text(): string | null {
    const length = this.uint32();
    if (length === null || length > this.#bytes.length - this.#at) return null;
    this.#at += length;
    return textOf(this.#bytes.subarray(this.#at - length, this.#at));
  }
}

/** A string of the protocol: UTF-8 without NUL, at most 4096 bytes. */
export function textOf(bytes: Buffer): string | null {
  if (bytes.length > MAX_STRING_BYTES || bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** `NBD_OPT_INFO` and `NBD_OPT_GO`. */
export interface InfoQuery {
  readonly exportName: string;
  /** Kinds of information the client would like to have. */
  readonly wanted: readonly number[];
}

export function readInfoQuery(bytes: Buffer): InfoQuery | null {
  const fields = new Fields(bytes);
  const exportName = fields.text();
  const count = fields.uint16();
  if (exportName === null || count === null) return null;
  const wanted: number[] = [];
  for (let index = 0; index < count; index++) {
    const kind = fields.uint16();
    if (kind === null) return null;
    wanted.push(kind);
  }
  return fields.isAtEnd ? { exportName, wanted } : null;
}

/** `NBD_OPT_LIST_META_CONTEXT` and `NBD_OPT_SET_META_CONTEXT`. */
export interface ContextQuery {
  readonly exportName: string;
  readonly queries: readonly string[];
}

export function readContextQuery(bytes: Buffer): ContextQuery | null {
  const fields = new Fields(bytes);
  const exportName = fields.text();
  const count = fields.uint32();
  if (exportName === null || count === null) return null;
  const queries: string[] = [];
  for (let index = 0; index < count; index++) {
    const query = fields.text();
    // A name without a namespace is none.
    if (query === null || !/^[^:\s]+:/u.test(query)) return null;
    queries.push(query);
  }
  return fields.isAtEnd ? { exportName, queries } : null;
}

/** Which of `known` the queries name. `namespace:` stands for all of its names where `wildcards` are allowed. */
export function selectContexts(
  known: readonly string[],
  queries: readonly string[],
  wildcards: boolean,
): string[] {
  const isMeant = (name: string) =>
    queries.some((query) => query === name || (wildcards && query.endsWith(':') && name.startsWith(query)));
  return known.filter(isMeant);
}
