import { because, ok, type Result } from '../../../shared/result.ts';
import type { ResumeOrder, SaveOrder } from '../machine.ts';
import type { StateFacts } from '../../storage/saved-state/header.ts';
import { loadStateFile, saveStateFile } from '../../storage/saved-state/state-file.ts';
import { decodeGuestImage, encodeGuestImage, type GuestImage } from './guest-image.ts';

/** The machine a state is saved of, or is to fit. */
export type StateOwner = Pick<StateFacts, 'emulator' | 'memoryMiB' | 'diskBytes'>;

export interface LoadedGuest {
  /** Null where there is no state, or none that fits. */
  readonly image: GuestImage | null;
  /** Why the state does not fit, as the end of a sentence. */
  readonly stateRefused: string | null;
}

/** Reads the guest to go on with. Fails when the file cannot be read. */
export async function loadGuest(resume: ResumeOrder | null, owner: StateOwner): Promise<Result<LoadedGuest>> {
  if (resume === null) return ok({ image: null, stateRefused: null });
  const { file, contentStamp } = resume;
  const reading = await loadStateFile(file, { ...owner, contentStamp });
  if (!reading.ok) return because('The saved state cannot be used now', reading);
  if (!reading.value.fits) return ok({ image: null, stateRefused: reading.value.why });
  const image = decodeGuestImage(reading.value.state);
  return ok(
    image.ok
      ? { image: image.value, stateRefused: null }
      : { image: null, stateRefused: image.failure.message },
  );
}

/** @returns the size of the file in bytes */
export function saveGuest(
  image: GuestImage,
  { file, contentStamp }: SaveOrder,
  facts: StateOwner & Pick<StateFacts, 'savedAtMs'>,
  onProgress: (fraction: number) => void,
): Promise<Result<number>> {
  return saveStateFile(file, { ...facts, contentStamp }, encodeGuestImage(image), { onProgress });
}
