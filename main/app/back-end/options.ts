import type { Clock } from '../../../shared/clock.ts';
import type { OpenDisk } from '../../disks/opened-disk.ts';
import type { QemuHost } from '../../machines/qemu/host.ts';
import type { MachineServiceParts } from '../../machines/service/machine-service.ts';
import type { LocalTime } from '../../preferences/local-time.ts';
import type { ImageFiles } from '../../storage/overlays/image-files.ts';
import type { QemuImg } from '../../storage/overlays/qemu-img.ts';
import type { Publish } from '../services.ts';

export interface BackEndOptions {
  readonly publish: Publish;
  /** For what nobody can be told otherwise. */
  readonly warn: (text: string) => void;
  readonly clock: Clock;
  /** Where the catalog and, unless the user chose another place, disks lie. */
  readonly dataFolder: string;
  /** Where set-up puts the appliances it builds. */
  readonly recipesFolder: string;
  readonly makeMachine: MachineServiceParts['makeMachine'];
  /** Default: there is none. */
  readonly qemu?: QemuHost;
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
  readonly localTime?: (nowMs: number) => LocalTime;
  readonly openDisk?: OpenDisk;
  readonly files?: ImageFiles;
  readonly qemuImg?: QemuImg;
  /** Name and version of what can go on from saved states. */
  readonly emulator?: string;
}
