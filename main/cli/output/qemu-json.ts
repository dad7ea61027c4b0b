import { inQemuOrder, qemuString } from '../../../shared/qemu-json.ts';

export type JsonValue =
  string | number | boolean | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * Prints a value as QEMU's tools do for `--output=json`: four blanks of indentation, ASCII only, and the members of
 * an object in the order of QEMU's hash table, so that the text is the same byte for byte.
 */
export function qemuJson(value: JsonValue, indent = ''): string {
  if (typeof value === 'string') return qemuString(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const inner = `${indent}    `;
  const [open, close, lines] = isArray(value)
    ? ['[', ']', value.map((item) => `${inner}${qemuJson(item, inner)}`)]
    : [
        '{',
        '}',
        inQemuOrder(value).map(([key, item]) => `${inner}${qemuString(key)}: ${qemuJson(item, inner)}`),
      ];
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
