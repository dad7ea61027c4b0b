import { err, ok, type Failure, type Result } from '../../shared/result.ts';
import type { Machine } from '../machines/machine.ts';
import { v86Maker } from '../machines/v86/make-machine.ts';
import type { V86Machine } from '../machines/v86/v86-machine.ts';
import { switchOff } from '../machines/switch-off.ts';
import { withNodeNames, type ImageChain } from '../storage/chain/image-chain.ts';
import type { DiskEvent } from '../storage/disk/disk-events.ts';
import type { DiskThread } from '../storage/disk/disk-thread.ts';
import { openMachineDisk } from '../storage/disk/machine-disk.ts';
import { firmwareFolder } from './places.ts';

export interface SessionOptions {
  readonly name: string;
  readonly memoryMiB: number;
  readonly chain: ImageChain;
  /** `off`: do not stream by itself, whatever the image's flag says. */
  readonly stream: 'image' | 'off';
  /** What a monitor calls the disk; its images are `#block000` and so on then. */
  readonly deviceName?: string;
  readonly listen?: (event: DiskEvent) => void;
}

/** A machine with its disk, as a command runs them: opened together, ended together. */
export class MachineSession<Kind extends Machine = Machine> {
  readonly machine: Kind;
  readonly disk: DiskThread;
  /** Why streaming did not start by itself, where the image asks for it. */
  readonly warning: Failure | null;

  /** A machine in v86. */
  static open(options: SessionOptions): Promise<Result<MachineSession<V86Machine>>> {
    return MachineSession.of(options, (disk) => v86Maker(firmwareFolder())(options, disk));
  }

  /** Opens the disk and makes the machine, without starting it. */
  static async of<Kind extends Machine>(
    options: Omit<SessionOptions, 'memoryMiB' | 'name'>,
    make: (disk: DiskThread) => Result<Kind>,
  ): Promise<Result<MachineSession<Kind>>> {
    const opened = await openMachineDisk(
      {
        chain: options.deviceName === undefined ? options.chain : withNodeNames(options.chain, '#block'),
        deviceName: options.deviceName,
        readOnly: false,
        copyOnRead: 'image',
        onSourceLost: 'wait',
      },
      options.stream,
      options.listen,
    );
    if (!opened.ok) return opened;
    const { disk, warning } = opened.value;
    const made = make(disk);
    if (made.ok) return ok(new MachineSession(made.value, disk, warning));
    await disk.close();
    return made;
  }

  private constructor(machine: Kind, disk: DiskThread, warning: Failure | null) {
    this.machine = machine;
    this.disk = disk;
    this.warning = warning;
  }

  /** Pulls the plug if the guest still runs, makes everything it wrote durable, and closes the disk. */
  async close(): Promise<Result<void>> {
    const stopped = await switchOff(this.machine);
    const closed = await this.disk.close();
    return stopped.ok ? closed : stopped;
  }

  /** Resolves when the machine has stopped by itself; fails with what made it fail, or `cancelled`. */
  stopped(signal: AbortSignal): Promise<Result<void>> {
    const { machine } = this;
    return new Promise((resolve) => {
      const look = () => {
        if (machine.state.kind === 'stopped') finish(ok(undefined));
        if (machine.state.kind === 'failed') finish({ ok: false, failure: machine.state.failure });
        if (signal.aborted) finish(err('cancelled', `${machine.name} was still running`));
      };
      const finish = (result: Result<void>) => {
        stopListening();
        signal.removeEventListener('abort', look);
        resolve(result);
      };
      const stopListening = machine.on('state', look);
      signal.addEventListener('abort', look);
      look();
    });
  }
}
