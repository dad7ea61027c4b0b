/**
 * Asks the disk once more for what the guest had asked for when its state was saved.
 *
 * v86 saves the registers of the disk, but not that somebody fetches data for it: a restored guest would wait for 30 s
 * and then take the disk for broken. The registers say what was asked for, so it can be asked again. Nothing was
 * answered meanwhile, so the guest cannot tell the difference. Writes need no such thing: they end before a state is
 * saved.
 *
 * Like `guest-flush.ts` this uses methods of v86's IDE interface that are no public interface; where a build lacks them
 * nothing is asked.
 */
import { FLUSH_COMMANDS, firstDisk, STATUS_BUSY } from './ide-interface.ts';

/** READ SECTORS, READ SECTORS EXT, READ MULTIPLE EXT, READ MULTIPLE: the processor fetches the data (ATA-6, 8.27 to 8.34). */
const PIO_READS: readonly number[] = [0x20, 0x24, 0x29, 0xc4];
/** READ DMA, READ DMA EXT (ATA-6, 8.25 and 8.26). */
const DMA_READS: readonly number[] = [0xc8, 0x25];
/** Status register: busy, drive ready; what v86 shows while it reads for the processor. */
const STATUS_READING = 0xc0;
/** Bus master command: transfer started; status: active. */
const STARTED = 1;

/** @param emulator the V86 object with the state restored, before it runs */
export function repeatUnfinishedRequest(emulator: unknown): void {
  const disk = firstDisk(emulator);
  if (disk === null) return;
  const { current_command: command, status_reg: status, channel } = disk;
  if (FLUSH_COMMANDS.includes(command) && status === STATUS_BUSY) return disk.ata_command(command);
  if (PIO_READS.includes(command) && status === STATUS_READING) return disk.ata_read_sectors(command);
  const transferring = (channel.dma_command & STARTED) !== 0 && (channel.dma_status & STARTED) !== 0;
  if (DMA_READS.includes(command) && transferring) disk.do_ata_read_sectors_dma();
}
