import type { z } from 'zod';

/** A payload that must be refused, with what is wrong with it. */
export interface Malformation {
  readonly what: string;
  readonly input: unknown;
}

const LONG = 'x'.repeat(1_000_000);
const DEEP = Array.from({ length: 60 }).reduce<unknown>((inner) => ({ inner }), null);
const NOT_IDS = ['', ' ', '../up', 'a/b', 'A', 'a\0', 'ä', 'x'.repeat(65)];
const NOT_NUMBERS = ['7', true, [], {}, DEEP, NaN, Infinity, -Infinity, -1, 0.5, 2 ** 60];

/** What can stand in no place where something like `valid` belongs. */
function strangersTo(valid: unknown, key = ''): readonly unknown[] {
  if (typeof valid === 'string') {
    return [7, true, [], {}, DEEP, LONG, ...(/id$/i.test(key) ? NOT_IDS : [])];
  }
  if (typeof valid === 'number') return NOT_NUMBERS;
  if (typeof valid === 'boolean') return ['yes', 0, 1, [], {}];
  return ['text', 7, true, Array.isArray(valid) ? {} : []];
}

/** Payloads like `valid` with one thing wrong in each. */
export function malformations(schema: z.ZodType, valid: unknown): Malformation[] {
  const whole = [undefined, [valid], ...strangersTo(valid), ...(valid === null ? [{}] : [null])];
  const wrong = whole.map((input) => ({ what: `is ${brief(input)}`, input }));
  if (valid === null || typeof valid !== 'object') return wrong;

  const entries = Object.entries(valid);
  const strange = entries.flatMap(([key, value]) =>
    strangersTo(value, key).map((stranger) => ({
      what: `${key} is ${brief(stranger)}`,
      input: { ...valid, [key]: stranger },
    })),
  );
  const doubtful = entries.flatMap(([key]) => [
    { what: `${key} is missing`, input: Object.fromEntries(entries.filter(([other]) => other !== key)) },
    { what: `${key} is null`, input: { ...valid, [key]: null } },
    { what: `${key} is another word`, input: { ...valid, [key]: 'explode' } },
  ]);
  // Only the schema knows what may be left out, and where any word will do.
  return [...wrong, ...strange, ...doubtful.filter(({ input }) => !schema.safeParse(input).success)];
}

function brief(value: unknown): string {
  const text = typeof value === 'number' || value === undefined ? String(value) : JSON.stringify(value);
  return text.slice(0, 40);
}
