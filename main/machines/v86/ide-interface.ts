/** The parts of v86's IDE disk that are no public interface, as build 0.5.462 has them, checked before they are used. */

/** FLUSH CACHE and FLUSH CACHE EXT (ATA-6, 8.12 and 8.13). */
export const FLUSH_COMMANDS: readonly number[] = [0xe7, 0xea];

/** Status register: busy, drive ready, seek complete (ATA-6, 7.15). */
export const STATUS_BUSY = 0xd0;

export interface IdeInterface {
  current_command: number;
  status_reg: number;
  readonly data: Uint8Array;
  readonly channel: { readonly dma_command: number; readonly dma_status: number };
  readonly ata_command: (this: IdeInterface, command: number) => void;
  readonly create_identify_packet: (this: IdeInterface) => void;
  /** Fetches for the processor what the registers say. */
  readonly ata_read_sectors: (this: IdeInterface, command: number) => void;
  /** Fetches into memory what the registers say. */
  readonly do_ata_read_sectors_dma: (this: IdeInterface) => void;
}

/** The machine's hard disk; null when this build of v86 is not as expected. */
export function firstDisk(emulator: unknown): IdeInterface | null {
  let at: unknown = emulator;
  for (const step of ['v86', 'cpu', 'devices', 'ide', 'primary', 'master']) {
    if (!isRecord(at)) return null;
    at = at[step];
  }
  return isIdeInterface(at) ? at : null;
}

function isIdeInterface(value: unknown): value is IdeInterface {
  return (
    isRecord(value) &&
    typeof value['current_command'] === 'number' &&
    typeof value['status_reg'] === 'number' &&
    value['data'] instanceof Uint8Array &&
    isRecord(value['channel']) &&
    typeof value['channel']['dma_command'] === 'number' &&
    typeof value['channel']['dma_status'] === 'number' &&
    ['ata_command', 'create_identify_packet', 'ata_read_sectors', 'do_ata_read_sectors_dma'].every(
      (method) => typeof value[method] === 'function',
    )
  );
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
