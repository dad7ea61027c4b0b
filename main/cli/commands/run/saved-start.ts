import { existsSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../../../shared/clock.ts';
import type { PublishedMaster } from '../../../../shared/master.ts';
import { ok, type Result } from '../../../../shared/result.ts';
import type { ResumeOrder } from '../../../machines/machine.ts';
import { emulatorName } from '../../../machines/v86/emulator-name.ts';
import { imageFiles } from '../../../storage/overlays/image-files.ts';
import { fetchState } from '../../../storage/saved-state/fetch-state.ts';
import { publishedContentStamp } from '../../../storage/saved-state/published-state.ts';
import { UNLIMITED } from '../../../streaming/limits/bucket-chain.ts';
import { formatBytes } from '../../display/quantities.ts';
import { StatusLine } from '../../display/status-line.ts';
import type { Terminal } from '../../terminal.ts';

export interface SavedStartRequest {
  readonly published: PublishedMaster | undefined;
  readonly overlay: string;
  readonly memoryMiB: number;
}

/**
 * What a machine goes on from that never ran: the state that is published with its master, fetched to a place beside its
 * overlay. Null where it boots; why it has to is said. Fails with `cancelled` when the user does not want to wait.
 */
export async function savedStart(
  { published, overlay, memoryMiB }: SavedStartRequest,
  terminal: Terminal,
): Promise<Result<ResumeOrder | null>> {
  const state = published?.description.state;
  if (published === undefined || state === undefined) return ok(null);
  const contentStamp = await imageFiles.contentStampOf(overlay);
  if (!contentStamp.ok) return contentStamp;
  // A guest has run over it: its disk is its own.
  if (contentStamp.value !== publishedContentStamp(published.description)) return ok(null);
  const boots = (why: string) => {
    terminal.err(`headwater: booting; what is published to start at once cannot be used: ${why}\n`);
    return ok(null);
  };
  if (state.emulator !== emulatorName()) {
    return boots(
      `it was saved by ${JSON.stringify(state.emulator)}, this is ${JSON.stringify(emulatorName())}`,
    );
  }
  if (state.memoryMiB !== memoryMiB) {
    return boots(`it was saved with ${state.memoryMiB} MiB of memory, the machine has ${memoryMiB}`);
  }
  const file = path.join(path.dirname(overlay), `${state.sha256}.state`);
  if (!existsSync(file)) {
    const line = new StatusLine(terminal, systemClock);
    const all = formatBytes(state.lengthBytes);
    const fetched = await fetchState(published, file, {
      clock: systemClock,
      limit: UNLIMITED,
      signal: terminal.interrupted,
      progress: (fraction) =>
        line.show(`fetching the saved machine: ${formatBytes(fraction * state.lengthBytes)} of ${all}`),
    });
    line.finish();
    if (!fetched.ok) return fetched.failure.code === 'cancelled' ? fetched : boots(fetched.failure.message);
  }
  return ok({ file, contentStamp: contentStamp.value, shared: true });
}
