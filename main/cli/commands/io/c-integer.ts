const INTEGER = /^[\t-\r ]*(?<sign>[+-]?)(?<digits>0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$/i;

/** A whole number as `strtol(3)` reads it with base 0: decimal, `0x` or, after a zero, octal. Null for anything else. */
export function parseCInteger(text: string): number | null {
  const { sign, digits } = INTEGER.exec(text)?.groups ?? {};
  if (digits === undefined) return null;
  const isOctal = /^0[0-7]/.test(digits);
  const value = isOctal ? Number.parseInt(digits, 8) : Number(digits);
  return sign === '-' ? 0 - value : value;
}
