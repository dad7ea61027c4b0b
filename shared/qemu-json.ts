const BUCKETS = 512;

/**
 * The members of an object in the order of QEMU's dictionaries, for answers that are the same byte for byte as QEMU's,
 * and for finding the same one of several mistakes first. Of two that share a place in the hash table the later is first.
 */
export function inQemuOrder<Value>(object: { readonly [key: string]: Value }): [string, Value][] {
  return Object.entries(object)
    .reverse()
    .sort(([a], [b]) => bucketOf(a) - bucketOf(b));
}

/** The hash of the Trivial Database (`tdb_hash`). */
function bucketOf(key: string): number {
  let hash = Math.imul(0x238f13af, key.length);
  for (let i = 0; i < key.length; i++) hash = (hash + (key.charCodeAt(i) << ((i * 5) % 24))) | 0;
  return ((Math.imul(1103515243, hash) + 12345) >>> 0) % BUCKETS;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A JSON string in ASCII, as QEMU writes it. */
export function qemuString(text: string): string {
  const escaped = text.replace(/["\\]|[^ -~]/g, (unit) => {
    return ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}
