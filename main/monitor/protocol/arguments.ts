import { z } from 'zod';
import { err, ok, type Result } from '../../../shared/result.ts';
import { inQemuOrder } from '../../../shared/qemu-json.ts';
import { isObject, type Json, type JsonObject } from '../wire/json.ts';

/** An integer of 64 bits. Beyond 2⁵³ it stands for "a lot" everywhere, and is taken for the largest safe one. */
export const int64 = z
  .bigint()
  .min(-(2n ** 63n))
  .max(2n ** 63n - 1n)
  .transform((value) => {
    const most = BigInt(Number.MAX_SAFE_INTEGER);
    return Number(value > most ? most : value < -most ? -most : value);
  });

/** Members that are read in the order of QEMU's own schema; the first that is wrong is told. */
export type ArgumentSchema = z.ZodObject;

/** Checks the arguments of a command. Failures carry the texts of QEMU's input visitor. */
export function checkArguments<Schema extends ArgumentSchema>(
  schema: Schema,
  given: JsonObject,
): Result<z.output<Schema>> {
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const [first] = parsed.error.issues;
    return err('invalid-argument', first === undefined ? 'Invalid arguments' : textOf(first, given));
  }
  const surplus = inQemuOrder(given).find(([name]) => !Object.hasOwn(schema.shape, name));
  return surplus === undefined
    ? ok(parsed.data)
    : err('invalid-argument', `Parameter '${surplus[0]}' is unexpected`);
}

function textOf(issue: z.core.$ZodIssue, given: JsonObject): string {
  const found = valueAt(given, issue.path);
  const name = nameOf(issue.path);
  if (found === undefined) return `Parameter '${name}' is missing`;
  if (issue.code === 'invalid_value' && typeof found === 'string') {
    // QEMU does not know the place in a list by then.
    const known = issue.path.length === 1 ? name : 'null';
    return `Parameter '${known}' does not accept value '${found}'`;
  }
  return `Invalid parameter type for '${name}', expected: ${expectedBy(issue)}`;
}

function valueAt(given: JsonObject, path: readonly PropertyKey[]): Json | undefined {
  let found: Json | undefined = given;
  for (const step of path) {
    if (typeof step === 'number' && Array.isArray(found)) found = (found as readonly Json[])[step];
    else if (found !== undefined && isObject(found) && Object.hasOwn(found, step))
      found = found[String(step)];
    else return undefined;
  }
  return found;
}

function nameOf(path: readonly PropertyKey[]): string {
  return path.map((step) => (typeof step === 'number' ? `[${step}]` : String(step))).join('');
}

const TYPES: Readonly<Record<string, string>> = { bigint: 'integer' };

function expectedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return 'string';
  if (issue.code === 'invalid_type') return TYPES[issue.expected] ?? issue.expected;
  return 'integer';
}
