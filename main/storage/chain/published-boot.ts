import type { Clock } from '../../../shared/clock.ts';
import { MASTER_FILES } from '../../../shared/master-files.ts';
import type { PublishedMaster } from '../../../shared/master.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import { sha256 } from '../../block/manifest/digest.ts';
import type { Range } from '../../block/range.ts';
import { MirrorSet } from '../../block/verified/mirror-set.ts';
import { masterSources } from './published-master.ts';

/** A profile of more than that would cost more time than it saves. */
export const MOST_PROFILE_BYTES = 8 * MIB;

/**
 * Fetches and verifies what a boot of a published master reads, in order; null where nobody published that. Fails with
 * `source-…` as reads of its disk do, and with `malformed` where the profile itself makes no sense.
 */
export async function fetchBootProfile(
  { description, sources }: PublishedMaster,
  clock: Clock,
): Promise<Result<readonly Range[] | null>> {
  const { bootProfile } = description;
  if (bootProfile === undefined) return ok(null);
  const { lengthBytes } = bootProfile;
  if (lengthBytes > MOST_PROFILE_BYTES)
    return err('unsupported', 'the boot profile of the master is too long');
  const made = masterSources(sources, { clock, connections: 1 });
  if (!made.ok) return made;
  const mirrors = new MirrorSet(made.value, { clock, random: Math.random });
  const bytes = Buffer.alloc(lengthBytes);
  const whole = { offset: 0, length: lengthBytes };
  const findWrong = (_at: number, found: Uint8Array) =>
    sha256(found).toString('hex') === bootProfile.sha256 ? [] : [whole];
  const read = await mirrors.read(
    { file: MASTER_FILES.bootProfile, lengthBytes, findWrong },
    0,
    bytes,
    false,
  );
  await mirrors.close();
  return read.ok ? parse(bytes.toString('utf8')) : read;
}

async function parse(text: string): Promise<Result<readonly Range[]>> {
  // Loaded only where it is needed: the schema library would cost every command more than all else at its start.
  const { bootProfileSchema, stretchesOf } = await import('../../../shared/boot-profile.ts');
  try {
    const parsed = bootProfileSchema.safeParse(JSON.parse(text));
    if (parsed.success) return ok(stretchesOf(parsed.data));
  } catch {
    // Told below.
  }
  return err('malformed', 'the boot profile of the master is none');
}
