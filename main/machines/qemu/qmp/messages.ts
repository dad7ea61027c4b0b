import { z } from 'zod';
import { jsonOf } from '../../../../shared/json.ts';

/** What QEMU says on its monitor (QEMU, docs/interop/qmp-spec). Fields that are not used here are not looked at. */
const greetingSchema = z.object({ QMP: z.object({ capabilities: z.array(z.unknown()) }) });
const idSchema = z.number().int();
const returnSchema = z.object({ return: z.unknown(), id: idSchema });
const errorSchema = z.object({
  error: z.object({ class: z.string(), desc: z.string().max(4096) }),
  id: idSchema,
});
const eventSchema = z.object({ event: z.string().max(100), data: z.unknown().optional() });

export type QmpMessage =
  | { readonly kind: 'greeting' }
  | { readonly kind: 'return'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly text: string }
  | { readonly kind: 'event'; readonly name: string; readonly data: unknown };

/** @returns null where the line is nothing that QEMU would say */
export function parseQmpLine(line: string): QmpMessage | null {
  const json = jsonOf(line);
  if (typeof json !== 'object' || json === null) return null;
  if ('event' in json) {
    const event = eventSchema.safeParse(json);
    return event.success ? { kind: 'event', name: event.data.event, data: event.data.data } : null;
  }
  if ('error' in json) {
    const error = errorSchema.safeParse(json);
    return error.success ? { kind: 'error', id: error.data.id, text: error.data.error.desc } : null;
  }
  if ('return' in json) {
    const answer = returnSchema.safeParse(json);
    return answer.success ? { kind: 'return', id: answer.data.id, value: answer.data.return } : null;
  }
  return greetingSchema.safeParse(json).success ? { kind: 'greeting' } : null;
}
