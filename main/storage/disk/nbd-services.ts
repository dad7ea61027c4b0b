import type { Clock } from '../../../shared/clock.ts';
import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import { NbdServer } from '../../nbd/server.ts';
import { loadTlsFolder } from '../../nbd/tls.ts';
import type { ListenAddress } from '../../sockets/listen.ts';
import type { DiskEvent } from './disk-events.ts';
import type { OpenDisk } from './open-disk.ts';

/** How a disk is to be served over NBD. Plain data: it is sent to the thread that owns the disk. */
export interface NbdServiceSpec {
  readonly address: ListenAddress;
  /** What clients ask for. Default: the empty name; a client that asks for none gets the disk in any case. */
  readonly exportName?: string | undefined;
  readonly description?: string | undefined;
  /** Refuses writes, whether or not the disk takes them. */
  readonly readOnly?: boolean | undefined;
  /** Clients served at a time; further ones wait. Default 16; 0 for any number. */
  readonly maxClients?: number | undefined;
  /** A folder of X.509 credentials as QEMU has them; nobody is served without TLS then. */
  readonly tls?: { readonly folder: string; readonly verifyClients: boolean } | undefined;
}

/** A disk that is being served. */
export interface NbdService {
  readonly id: number;
  /** As asked for, with the port where any was asked for. */
  readonly address: ListenAddress;
}

/** The NBD servers of an open disk: in its thread, so that no request of a client waits for another thread. */
export class NbdServices {
  readonly #clock: Clock;
  readonly #tell: (event: DiskEvent) => void;
  readonly #servers = new Map<number, NbdServer>();
  #nextId = 1;

  constructor(clock: Clock, tell: (event: DiskEvent) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  async serve(disk: OpenDisk, spec: NbdServiceSpec): Promise<Result<NbdService>> {
    const tls = spec.tls && loadTlsFolder(spec.tls.folder, spec.tls.verifyClients);
    if (tls?.ok === false) return tls;
    const id = this.#nextId++;
    const server = new NbdServer({
      clock: this.#clock,
      tls: tls?.value,
      maxClients: spec.maxClients,
      onChange: (change) => {
        if (change.kind === 'came') disk.guestConnected();
        this.#tell({ kind: 'nbd-clients', service: id, change });
      },
    });
    const added = server.add({
      name: spec.exportName ?? '',
      description: spec.description,
      device: disk.device,
      readOnly: spec.readOnly,
      fastZeroes: disk.marksZeroes,
      multiConn: spec.maxClients !== 1,
      copying: () => disk.copying,
    });
    if (!added.ok) return added;
    const address = await server.listen(spec.address);
    if (!address.ok) return address;
    this.#servers.set(id, server);
    return ok({ id, address: address.value });
  }

  /** Ends a service: requests under way are answered, everything written is made durable by whoever closes the disk. */
  async stop(id: number): Promise<Result<void>> {
    const server = this.#servers.get(id);
    if (server === undefined) return err('not-found', `The disk has no NBD service ${id}`);
    this.#servers.delete(id);
    await server.close();
    return DONE;
  }

  async close(): Promise<void> {
    const servers = [...this.#servers.values()];
    this.#servers.clear();
    await Promise.all(servers.map((server) => server.close()));
  }
}
