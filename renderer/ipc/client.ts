/**
 * What windows use to talk to the main process. Payloads are not checked again here: the main process checks whatever
 * goes either way, and nothing else can send to a window.
 */
import type { Push } from '../../shared/ipc/channel.ts';
import type {
  PushName,
  PushPayload,
  RequestAnswer,
  RequestInput,
  RequestName,
} from '../../shared/ipc/contract.ts';
import { err, type Result } from '../../shared/result.ts';
import { bridge } from './bridge.ts';
import { inSequence } from './sequence.ts';

/** Every failure is a value; this never rejects. */
export async function request<Name extends RequestName>(
  name: Name,
  input: RequestInput<Name>,
): Promise<Result<RequestAnswer<Name>>> {
  try {
    return (await bridge.request(name, input)) as Result<RequestAnswer<Name>>;
  } catch {
    return err('closed', 'Headwater’s main process did not answer. Restart Headwater if this goes on.', {
      words: ['no-answer'],
    });
  }
}

/**
 * Calls `listener` with everything published from now on. `onGap` is called instead of nothing when news was missed in
 * between: ask for a snapshot then. Subscribe before asking for the first snapshot, too.
 * @returns a function that ends it
 */
export function subscribe<Name extends PushName>(
  name: Name,
  listener: (payload: PushPayload<Name>) => void,
  onGap: () => void,
): () => void {
  const deliver = inSequence<PushPayload<Name>>(listener, onGap);
  return bridge.on(name, (message) => deliver(message as Push<PushPayload<Name>>));
}
