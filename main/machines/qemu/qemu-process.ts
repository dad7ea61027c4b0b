import type { Socket } from 'node:net';
import { within, type Clock } from '../../../shared/clock.ts';
import { err, ok, type Err, type Result } from '../../../shared/result.ts';
import { qemuArguments, type QemuConfiguration } from './command-line.ts';
import type { QemuProgram } from './host.ts';
import { howItEnded, type QemuEnd } from './how-it-ended.ts';
import { canLeash, Leash } from './leash.ts';
import { LogFile } from './log-file.ts';
import { MeetingPlace, type ServingDisk } from './meeting-place.ts';
import { whyNotStarted } from './refusal.ts';
import { cloudSeed } from './seed/nocloud.ts';
import { QmpClient, type QmpEvent } from './qmp/client.ts';

export interface QemuStart {
  readonly configuration: QemuConfiguration;
  readonly program: QemuProgram;
  readonly disk: ServingDisk;
  /** Begun anew. */
  readonly logFile: string;
  readonly clock: Clock;
  /** Aborted when it is not wanted any more. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: QmpEvent) => void;
  /** The listener may keep the bytes. */
  readonly onSerial: (bytes: Uint8Array) => void;
}

/** What does not run its guest by then never will: opening its disk comes before, and that answers at once. */
const START_LIMIT_MS = 60_000;

/** A QEMU that runs answers in milliseconds, also on a busy computer; one that is stopped or hangs does not. */
const ANSWER_LIMIT_MS = 10_000;

/** What a guest may leave unread of its serial line. */
const MOST_SERIAL_BYTES = 1 << 20;

/** A running QEMU with its disk, its monitor and its serial line. When it ends nothing is left of it but its log. */
export class QemuProcess {
  readonly qmp: QmpClient;
  /** For files that QEMU writes. */
  readonly folder: string;
  /** Where viewers of its screen connect. */
  readonly vncPath: string;
  /** Resolves when it has ended and its disk is free. */
  readonly ended: Promise<QemuEnd>;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #leash: Leash;
  readonly #serial: Socket;

  /** Starts QEMU and its guest. Fails with the last it said where it does not start. */
  static async start(start: QemuStart): Promise<Result<QemuProcess>> {
    const { configuration, program, clock, signal } = start;
    const able = canLeash();
    if (!able.ok) return able;
    const log = LogFile.create(start.logFile);
    if (!log.ok) return log;
    const { cloudId, name } = configuration;
    const seed = cloudId === null ? null : cloudSeed({ instanceId: cloudId, name });
    const opened = await MeetingPlace.open(start.disk, seed);
    if (!opened.ok) {
      log.value.close();
      return opened;
    }
    const place = opened.value;
    const leash = new Leash({
      program: program.path,
      args: qemuArguments(configuration, program, place.files),
      folder: place.folder,
      onOutput: (bytes) => log.value.append(bytes),
    });
    const ended = leash.ended.then(async (end) => {
      await place.close();
      log.value.close();
      return howItEnded(end, log.value);
    });
    const giveUp = () => leash.kill();
    const late = new AbortController();
    const cancelLimit = clock.after(START_LIMIT_MS, () => {
      late.abort();
      giveUp();
    });
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    const met = await meet(place, start);
    cancelLimit();
    signal.removeEventListener('abort', giveUp);
    if (met.ok && !signal.aborted) {
      // Whoever is deaf to a full disk and a guest that has ended cannot be driven: its disk is safe, so it goes.
      void met.value.qmp.broken.then(({ failure }) => {
        log.value.append(Buffer.from(`headwater: ${failure.message}: ended\n`));
        leash.kill();
      });
      return ok(new QemuProcess(start, met.value, place, ended, leash));
    }
    leash.kill();
    const how = await ended;
    const text = late.signal.aborted
      ? `did not run it within ${START_LIMIT_MS / 1000} s, and ${how.text}`
      : how.text;
    return signal.aborted
      ? err('closed', `${configuration.name} was stopped`)
      : whyNotStarted(configuration.name, log.value.end, text);
  }

  private constructor(
    { configuration, clock }: QemuStart,
    { qmp, serial }: Met,
    { folder, files }: MeetingPlace,
    ended: Promise<QemuEnd>,
    leash: Leash,
  ) {
    this.#name = configuration.name;
    this.#clock = clock;
    this.qmp = qmp;
    this.folder = folder;
    this.vncPath = files.vnc;
    this.ended = ended;
    this.#leash = leash;
    this.#serial = serial;
  }

  /**
   * Gives its monitor an order. Fails with `busy` where it does not answer in time, and may then carry it out later; else
   * as {@link QmpClient.execute} does.
   */
  async order(command: string, args?: Readonly<Record<string, unknown>>): Promise<Result<unknown>> {
    return (await within(this.#clock, ANSWER_LIMIT_MS, this.qmp.execute(command, args))) ?? this.silent;
  }

  /** What is told of one that does not answer. */
  get silent(): Err {
    return err('busy', `${this.#name}: QEMU does not answer; try again in a moment, or force it off`, {
      words: ['qemu-silent', this.#name],
    });
  }

  /** To the guest's serial line; QEMU takes it as fast as the guest reads. */
  sendSerial(bytes: Uint8Array): void {
    // A guest that reads nothing does not make us keep more.
    if (this.#serial.writable && this.#serial.writableLength < MOST_SERIAL_BYTES) this.#serial.write(bytes);
  }

  /** Ends it at once. What its guest's disk has answered is in the hands of that disk. */
  kill(): void {
    this.#leash.kill();
  }
}

interface Met {
  readonly qmp: QmpClient;
  readonly serial: Socket;
}

/** Waits for QEMU, and lets its guest run. Fails when QEMU ends instead. */
async function meet(place: MeetingPlace, { onEvent, onSerial }: QemuStart): Promise<Result<Met>> {
  const [monitor, serial] = await Promise.all([place.monitor, place.serial]);
  if (!monitor.ok) return monitor;
  if (!serial.ok) return serial;
  serial.value.on('error', () => serial.value.destroy());
  serial.value.on('data', onSerial);
  const qmp = await QmpClient.open(monitor.value, onEvent);
  if (!qmp.ok) return qmp;
  const going = await qmp.value.execute('cont');
  return going.ok ? ok({ qmp: qmp.value, serial: serial.value }) : going;
}
