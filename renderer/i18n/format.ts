import { BYTES_PER_SECOND, type RateUnit } from '../../shared/rate-unit.ts';

const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const NARROW_SPACE = '\u202f';

export class Formatter {
  readonly #locale: string;
  readonly #rateUnit: RateUnit;
  readonly #byDigits = new Map<number, Intl.NumberFormat>();

  constructor(locale: string, rateUnit: RateUnit) {
    this.#locale = locale;
    this.#rateUnit = rateUnit;
  }

  get rateUnit(): RateUnit {
    return this.#rateUnit;
  }

  number(value: number, digits = 0): string {
    let format = this.#byDigits.get(digits);
    if (!format) {
      format = new Intl.NumberFormat(this.#locale, { maximumFractionDigits: digits });
      this.#byDigits.set(digits, format);
    }
    return format.format(value);
  }

  /** Three significant digits at most: 320 KiB, 1.5 GiB, 64 TiB. */
  bytes(bytes: number): string {
    const { value, unit } = inUnits(bytes);
    return `${this.number(value, digitsFor(value))}${NARROW_SPACE}${SIZE_UNITS[unit] ?? ''}`;
  }

  /** A place on a disk, with as many digits as tell it from one a step away: 255.6 MiB. */
  place(bytes: number, stepBytes: number): string {
    const { value, unit } = inUnits(bytes);
    const digits = Math.max(0, Math.ceil(Math.log10(1024 ** unit / stepBytes)));
    return `${this.number(value, digits)}${NARROW_SPACE}${SIZE_UNITS[unit] ?? ''}`;
  }

  /** In the unit of the preference. */
  rate(bytesPerSecond: number): string {
    const value = bytesPerSecond / BYTES_PER_SECOND[this.#rateUnit];
    return `${this.number(value, digitsFor(value))}${NARROW_SPACE}${this.#rateUnit}`;
  }

  /** A machine's memory: 128 MiB, 1 GiB. */
  memory(mebibytes: number): string {
    const whole = mebibytes % 1024 === 0;
    return `${this.number(whole ? mebibytes / 1024 : mebibytes)}${NARROW_SPACE}${whole ? 'GiB' : 'MiB'}`;
  }

  /** Of a share from 0 to 1. Never says 100 % before it is, nor 0 % where there is something. */
  percent(share: number): string {
    if (share > 0 && share < 0.01) return `<${this.percent(0.01)}`;
    const floored = share >= 1 ? 1 : Math.floor(share * 100) / 100;
    return new Intl.NumberFormat(this.#locale, { style: 'percent' }).format(floored);
  }

  /** The two largest units: 2 d 4 h, 3 min 20 s. */
  duration(ms: number): string {
    const seconds = Math.max(0, Math.round(ms / 1000));
    const parts: [number, Unit][] = [
      [Math.floor(seconds / 86400), 'day'],
      [Math.floor(seconds / 3600) % 24, 'hour'],
      [Math.floor(seconds / 60) % 60, 'minute'],
      [seconds % 60, 'second'],
    ];
    const first = parts.findIndex(([value]) => value > 0);
    if (first === -1) return this.#unit(0, 'second');
    return parts
      .slice(first, first + 2)
      .filter(([value]) => value > 0)
      .map(([value, unit]) => this.#unit(value, unit))
      .join(' ');
  }

  date(ms: number): string {
    return new Intl.DateTimeFormat(this.#locale, { dateStyle: 'medium' }).format(ms);
  }

  moment(ms: number): string {
    return new Intl.DateTimeFormat(this.#locale, { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
  }

  /** 0 is Sunday. */
  weekday(day: number): string {
    const sunday = Date.UTC(2026, 0, 4);
    const format = new Intl.DateTimeFormat(this.#locale, { weekday: 'short', timeZone: 'UTC' });
    return format.format(sunday + day * 86_400_000);
  }

  list(words: readonly string[]): string {
    return new Intl.ListFormat(this.#locale, { type: 'conjunction' }).format(words);
  }

  #unit(value: number, unit: Unit): string {
    return new Intl.NumberFormat(this.#locale, { style: 'unit', unit, unitDisplay: 'short' }).format(value);
  }
}

type Unit = 'day' | 'hour' | 'minute' | 'second';

/** In the largest unit that leaves a number before the point. */
function inUnits(bytes: number): { readonly value: number; readonly unit: number } {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return { value, unit };
}

function digitsFor(value: number): number {
  if (value >= 99.95 || Number.isInteger(value)) return 0;
  return value >= 9.995 ? 1 : 2;
}
