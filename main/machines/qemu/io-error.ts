import { z } from 'zod';
import type { Failure } from '../../../shared/result.ts';
import type { DiskWait } from '../machine.ts';

/** `BLOCK_IO_ERROR` (QEMU, qapi/block-core.json). */
const ioErrorSchema = z.object({
  operation: z.enum(['read', 'write']),
  action: z.enum(['ignore', 'report', 'stop']),
  nospace: z.boolean().optional(),
  reason: z.string().max(500),
});

/**
 * The request that QEMU has stopped its guest for; it is made again when the guest goes on. Null where QEMU did not stop.
 * QEMU does not tell where on the disk it is, and calls a flush a write.
 */
export function waitOf(data: unknown): DiskWait | null {
  const parsed = ioErrorSchema.safeParse(data);
  if (!parsed.success || parsed.data.action !== 'stop') return null;
  const { operation, nospace, reason } = parsed.data;
  const failure: Failure = {
    code: nospace === true ? 'no-space' : 'io',
    message: `The guest's disk could not be ${operation === 'read' ? 'read' : 'written'}: ${reason}`,
  };
  const retries = operation === 'read' ? 'by-itself' : 'on-resume';
  return { operation, offset: 0, length: 0, waitedMs: 0, failure, retries };
}
