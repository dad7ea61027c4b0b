import type { Result } from '../../../shared/result.ts';
import { workerScript } from '../../threads/worker-script.ts';
import type { DiskThread } from '../../storage/disk/disk-thread.ts';
import { loadFirmware } from './firmware.ts';
import { V86Machine } from './v86-machine.ts';

/** Makes machines for disks that are open in threads of their own. @param firmwareFolder where set-up puts SeaBIOS */
export function v86Maker(firmwareFolder: string) {
  return (
    machine: { readonly name: string; readonly memoryMiB: number },
    disk: Pick<DiskThread, 'connect'>,
  ): Result<V86Machine> => {
    const firmware = loadFirmware(firmwareFolder);
    if (!firmware.ok) return firmware;
    return {
      ok: true,
      value: new V86Machine({
        name: machine.name,
        memoryMiB: machine.memoryMiB,
        firmware: firmware.value,
        workerScript: workerScript('main/machines/v86/worker'),
        connectDisk: (boots) => disk.connect('write', boots),
      }),
    };
  };
}
