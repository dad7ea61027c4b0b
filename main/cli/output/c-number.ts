const DIGITS = 80;

/**
 * A non-negative number with `decimals` digits after the point, as C's `%.*f` prints it: exact ties go to the even
 * digit, where `toFixed` goes up. Scripts compare what we print with what QEMU prints.
 */
export function fixed(value: number, decimals: number): string {
  const exact = BigInt(value.toFixed(DIGITS).replace('.', ''));
  const unit = 10n ** BigInt(DIGITS - decimals);
  const [whole, rest] = [exact / unit, exact % unit];
  const up = rest * 2n > unit || (rest * 2n === unit && whole % 2n === 1n);
  const digits = String(up ? whole + 1n : whole).padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** A number from 0 to below 1000 with three significant digits, as C's `%.3g` prints it. */
export function threeDigits(value: number): string {
  if (value === 0) return '0';
  const exponent = Math.floor(Math.log10(value));
  const text = fixed(value, Math.max(0, 2 - exponent));
  if (Number(text) >= 1000) return '1e+03';
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
