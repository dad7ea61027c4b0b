import { z } from 'zod';
import { jsonOf } from '../../shared/json.ts';
import { DamagedRow } from './sqlite-failure.ts';

/** Checks a row that came from the database; a file may have been changed by anybody. */
export function readRow<Row extends z.ZodType>(schema: Row, row: unknown): z.output<Row> {
  const parsed = schema.safeParse(row);
  if (parsed.success) return parsed.data;
  throw new DamagedRow(`a row is damaged (${z.prettifyError(parsed.error).replaceAll('\n', ' ')})`);
}

export function readRows<Row extends z.ZodType>(schema: Row, rows: readonly unknown[]): z.output<Row>[] {
  return rows.map((row) => readRow(schema, row));
}

export function readOptionalRow<Row extends z.ZodType>(schema: Row, row: unknown): z.output<Row> | null {
  return row === undefined ? null : readRow(schema, row);
}

/** A column that holds JSON of this form. */
export function jsonColumn<Content extends z.ZodType>(content: Content) {
  return z.string().transform((text, context): z.output<Content> => {
    const parsed = content.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: z.prettifyError(parsed.error) });
    return z.NEVER;
  });
}

export const flagColumn = z.union([z.literal(0), z.literal(1)]).transform((value) => value === 1);
