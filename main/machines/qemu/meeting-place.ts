import fs from 'node:fs';
import type { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { DONE, ok, type Err, type Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import { writeWhole } from '../../block/whole-file.ts';
import type { DiskThread } from '../../storage/disk/disk-thread.ts';
import type { QemuFiles } from './command-line.ts';
import { awaitClient, type FirstClient } from './first-client.ts';

/** Who serves the disk. */
export type ServingDisk = Pick<DiskThread, 'serveNbd' | 'stopNbd'>;

/** Where QEMU finds us, and we find QEMU: sockets in a folder that nobody else may enter. */
export class MeetingPlace {
  readonly folder: string;
  readonly files: QemuFiles;
  readonly #monitor: FirstClient;
  readonly #serial: FirstClient;
  readonly #endDisk: () => Promise<Result<void>>;

  /**
   * Serves the disk there, and waits for QEMU to come.
   * @param seed a further disk, small; null for none
   */
  static async open(disk: ServingDisk, seed: Uint8Array | null): Promise<Result<MeetingPlace>> {
    const folder = newFolder();
    if (!folder.ok) return folder;
    const at = (name: string) => path.join(folder.value, name);
    const sockets = { monitor: at('monitor'), serial: at('serial'), vnc: at('vnc'), disk: at('disk') };
    const files = { ...sockets, seed: seed === null ? null : at('seed') };
    const awaited: FirstClient[] = [];
    const giveUp = (failed: Err): Err => {
      for (const client of awaited) client.close();
      remove(folder.value);
      return failed;
    };
    const sown = files.seed === null || seed === null ? DONE : await writeWhole(files.seed, seed);
    if (!sown.ok) return giveUp(sown);
    const monitor = await awaitClient(sockets.monitor);
    if (!monitor.ok) return giveUp(monitor);
    awaited.push(monitor.value);
    const serial = await awaitClient(sockets.serial);
    if (!serial.ok) return giveUp(serial);
    awaited.push(serial.value);
    const served = await disk.serveNbd({ address: { kind: 'unix', path: sockets.disk }, maxClients: 1 });
    if (!served.ok) return giveUp(served);
    const endDisk = () => disk.stopNbd(served.value.id);
    return ok(new MeetingPlace(folder.value, files, monitor.value, serial.value, endDisk));
  }

  private constructor(
    folder: string,
    files: QemuFiles,
    monitor: FirstClient,
    serial: FirstClient,
    endDisk: () => Promise<Result<void>>,
  ) {
    this.folder = folder;
    this.files = files;
    this.#monitor = monitor;
    this.#serial = serial;
    this.#endDisk = endDisk;
  }

  /** QEMU's monitor, when it comes; `closed` when it never does. */
  get monitor(): Promise<Result<Socket>> {
    return this.#monitor.socket;
  }

  /** The other end of the guest's serial line. */
  get serial(): Promise<Result<Socket>> {
    return this.#serial.socket;
  }

  /**
   * Waits no longer, removes the folder, and lets nobody to the disk any more. Resolves when what was asked of the disk
   * has been answered, or given up where it waits for its source.
   */
  async close(): Promise<void> {
    this.#monitor.close();
    this.#serial.close();
    remove(this.folder);
    // A disk whose thread has died serves nobody in any case.
    await this.#endDisk();
  }
}

/** Its name is short, as paths of sockets have to be; only its owner may enter it. */
function newFolder(): Result<string> {
  try {
    return ok(fs.mkdtempSync(path.join(os.tmpdir(), 'headwater-')));
  } catch (error) {
    return failureFromSystem(
      error,
      `Could not make a folder in '${os.tmpdir()}' for the sockets of a machine`,
    );
  }
}

function remove(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true });
}
