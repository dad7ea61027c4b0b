import { REQUESTS, type RequestName } from '../../../shared/ipc/contract.ts';
import { err, type Result } from '../../../shared/result.ts';
import type { Log } from '../log.ts';
import type { Caller, RequestHandlers } from './handlers.ts';

/** Stacks and paths stay in the log: a window gets no more than this of a bug. */
const BUG = err(
  'internal',
  'Something went wrong inside Headwater, and nothing was changed that it knows of. Its log has the details.',
  { words: ['bug'] },
);

/** Checks what a window sent, has it handled, checks the answer. Never rejects. */
export async function answerRequest(
  name: RequestName,
  payload: unknown,
  caller: Caller,
  handlers: RequestHandlers,
  log: Log,
): Promise<Result<unknown>> {
  const channel = REQUESTS[name];
  try {
    const input = channel.input.safeParse(payload);
    if (!input.success) {
      const [issue] = input.error.issues;
      const where = [name, ...(issue?.path ?? [])].map(String).join(' → ');
      log.warn(`refused a malformed request: ${where}: ${issue?.message}`);
      return err('invalid-argument', `${where}: ${issue?.message ?? 'malformed'}`, {
        words: ['not-understood'],
      });
    }
    // The schema was looked up by the same name as the handler; the compiler cannot follow that through the table.
    const handler = handlers[name] as (input: unknown, caller: Caller) => Promise<Result<unknown>>;
    const result = await handler(input.data, caller);
    if (!result.ok) return result;
    const answer = channel.answer.safeParse(result.value ?? null);
    if (answer.success) return { ok: true, value: answer.data };
    log.bug(`answer to ${name}`, answer.error);
    return BUG;
  } catch (error) {
    log.bug(`request ${name}`, error);
    return BUG;
  }
}
