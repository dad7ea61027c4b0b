/**
 * Lets the guest's own flush commands reach the disk.
 *
 * v86 tells the guest that its disk has no write cache, so Linux sends no flushes, and answers a FLUSH CACHE without
 * telling the disk. Both are wrong for a disk with a write cache, which ours is until it was flushed. Here the
 * IDENTIFY data says that there is a write cache, and the flush commands are answered when the disk was flushed. A
 * guest's `fsync` and journal barriers then mean what they say.
 *
 * This wraps two methods of v86's IDE interface that are no public interface. They are checked when the machine is
 * built; where they are not as expected nothing is touched, and the timer of `durability.ts` is the only protection.
 */
import { FLUSH_COMMANDS, firstDisk, isRecord, STATUS_BUSY, type IdeInterface } from './ide-interface.ts';

/** IDENTIFY DEVICE: write cache supported (word 82) and enabled (word 85), bit 5 in both. */
const WRITE_CACHE_BYTES = [82 * 2, 85 * 2];
const WRITE_CACHE_BIT = 1 << 5;

/**
 * @param emulator the V86 object, after it was built and before it runs.
 * @param flush resolves when everything the guest has written is durable.
 * @returns false when this build of v86 is not as expected.
 */
export function forwardGuestFlushes(emulator: unknown, flush: () => Promise<void>): boolean {
  const disk = firstDisk(emulator);
  if (disk === null) return false;
  const prototype: unknown = Object.getPrototypeOf(disk);
  if (!isRecord(prototype)) return false;

  const identify = disk.create_identify_packet;
  prototype['create_identify_packet'] = function (this: IdeInterface): void {
    identify.call(this);
    if (this !== disk) return;
    for (const at of WRITE_CACHE_BYTES) this.data[at] = (this.data[at] ?? 0) | WRITE_CACHE_BIT;
  };

  const command = disk.ata_command;
  let newest = 0;
  prototype['ata_command'] = function (this: IdeInterface, code: number): void {
    if (this === disk) newest += 1;
    if (this !== disk || !FLUSH_COMMANDS.includes(code)) return command.call(this, code);
    const ours = newest;
    this.current_command = code;
    this.status_reg = STATUS_BUSY;
    void flush().then(() => {
      // A guest that reset its disk meanwhile, or sent another command, waits for this one no longer.
      if (newest === ours && disk.status_reg === STATUS_BUSY) command.call(disk, code);
    });
  };
  return true;
}
