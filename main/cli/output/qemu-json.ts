export type JsonValue =
  string | number | boolean | readonly JsonValue[] | { readonly [key: string]: JsonValue };

const BUCKETS = 512;

/**
 * Prints a value as QEMU's tools do for `--output=json`: four blanks of indentation, ASCII only, and the members of
 * an object in the order of QEMU's hash table, so that the text is the same byte for byte.
 */
export function qemuJson(value: JsonValue, indent = ''): string {
  if (typeof value === 'string') return jsonString(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const inner = `${indent}    `;
  const [open, close, lines] = isArray(value)
    ? ['[', ']', value.map((item) => `${inner}${qemuJson(item, inner)}`)]
    : ['{', '}', members(value).map(([key, item]) => `${inner}${jsonString(key)}: ${qemuJson(item, inner)}`)];
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function members(object: { readonly [key: string]: JsonValue }): [string, JsonValue][] {
  return Object.entries(object).sort(([a], [b]) => bucketOf(a) - bucketOf(b));
}

/** The hash of the Trivial Database (`tdb_hash`), which QEMU's dictionaries use. */
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

function jsonString(text: string): string {
  const escaped = text.replace(/["\\]|[^ -~]/g, (unit) => {
    return ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}
