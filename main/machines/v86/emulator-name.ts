import { createRequire } from 'node:module';

/** The devices of our machines. To be raised whenever they change: a state holds the devices it was saved with. */
const HARDWARE_REVISION = 1;

/** Name and version of the emulator with its machine: whoever has the same one can read its states. */
export function emulatorName(): string {
  const description: unknown = createRequire(import.meta.url)('v86/package.json');
  const version =
    typeof description === 'object' && description !== null && 'version' in description
      ? String(description.version)
      : 'unknown';
  return `v86 ${version}, PC ${HARDWARE_REVISION}`;
}
