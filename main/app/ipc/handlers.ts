import type { WebContents } from 'electron';
import type { CheckedInput, RequestName } from '../../../shared/ipc/contract.ts';
import type { Result } from '../../../shared/result.ts';
import type { Answer } from '../services.ts';
import type { WindowRole } from '../windows/window-role.ts';

/** Who asks: a window of ours, as it was when it asked. */
export interface Caller {
  readonly role: WindowRole;
  readonly contents: WebContents;
}

/** One handler per request of the contract. */
export type RequestHandlers = {
  readonly [Name in RequestName]: (
    input: CheckedInput<Name>,
    caller: Caller,
  ) => Promise<Result<Answer<Name>>>;
};
