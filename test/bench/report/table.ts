import type { Row, Unit, Verdict } from '../measure/row.ts';
import type { Summary } from '../measure/statistics.ts';

const VERDICTS: Readonly<Record<Verdict, string>> = { met: 'met', missed: 'MISSED', none: '', open: 'open' };
const HEADINGS = ['', 'unit', 'Headwater', 'QEMU', 'times better', 'target', 'verdict', 'failed'];
/** Columns that hold words. */
const LEFT_ALIGNED = new Set([0, 1, 5, 6, 7]);

/** A table of rows: medians, least and most in brackets. */
export function tableText(rows: readonly Row[]): string {
  const lines = [HEADINGS, ...rows.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const texts = lines.map((cells) =>
    cells
      .map((cell, column) =>
        LEFT_ALIGNED.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const [heading = '', ...body] = texts;
  const rule = '-'.repeat(Math.max(...texts.map((text) => text.length)));
  return `${[heading, rule, ...body].join('\n')}\n`;
}

function cellsOf(row: Row): string[] {
  const { ours, qemu } = row.failures;
  return [
    row.label,
    row.unit,
    figureText(row.ours, row.unit),
    figureText(row.qemu, row.unit),
    row.ratio === null ? '' : summaryText(row.ratio, (value) => `${value.toFixed(value < 9.95 ? 2 : 1)}x`),
    [row.target, row.judged && `(${row.judged})`].filter(Boolean).join(' '),
    VERDICTS[row.verdict],
    ours.length + qemu.length === 0 ? '' : `ours ${ours.length}, QEMU ${qemu.length}`,
  ];
}

function figureText(summary: Summary | null, unit: Unit): string {
  const digits = unit === 'ms' || unit === 'MiB' || unit === 's' ? 2 : 0;
  return summary === null
    ? '-'
    : summaryText(summary, (value) => value.toFixed(value >= 100 ? 0 : Math.max(digits, value < 10 ? 1 : 0)));
}

function summaryText({ median, min, max }: Summary, text: (value: number) => string): string {
  return min === max ? text(median) : `${text(median)} (${text(min)}-${text(max)})`;
}

/** Every failure once, each on a line; empty when there was none. */
export function failuresText(rows: readonly Row[]): string {
  const messages = rows.flatMap(({ failures }) => [
    ...failures.ours.map((message) => `  ours failed: ${message}\n`),
    ...failures.qemu.map((message) => `  QEMU failed: ${message}\n`),
  ]);
  return [...new Set(messages)].join('');
}
