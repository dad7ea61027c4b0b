import { inQemuOrder, qemuString } from '../../../shared/qemu-json.ts';

/** What a client sent. Objects have no prototype: every member is one of theirs, whatever its name. */
export type Json = null | boolean | string | bigint | number | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [member: string]: Json;
}

export function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What can be printed. Members that are `undefined` are left out. */
export type Printable =
  | undefined
  | null
  | boolean
  | string
  | bigint
  | number
  | readonly Printable[]
  | { readonly [member: string]: Printable };

/** In one line of ASCII, spaced and ordered as QEMU does it. */
export function print(value: Exclude<Printable, undefined>): string {
  if (typeof value === 'string') return qemuString(value);
  if (typeof value === 'number') return printNumber(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (isList(value)) return `[${value.map((item) => print(item ?? null)).join(', ')}]`;
  const members = inQemuOrder(value).flatMap(([name, member]) =>
    member === undefined ? [] : [`${qemuString(name)}: ${print(member)}`],
  );
  return `{${members.join(', ')}}`;
}

function isList(value: object): value is readonly Printable[] {
  return Array.isArray(value);
}

/** What is too large for a number is an infinity in QEMU, too, which then prints it so that nobody can read it. */
function printNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return value < 0 ? '-1e999' : '1e999';
}
