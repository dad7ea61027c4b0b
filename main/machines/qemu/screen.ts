import fs from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { randomBytes } from 'node:crypto';
import { sleep, type Clock } from '../../../shared/clock.ts';
import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import { joinChannels } from '../../rfb/join-channels.ts';
import { encodePng } from '../../rfb/png.ts';
import { portChannel } from '../../rfb/port-channel.ts';
import { socketChannel } from '../../rfb/socket-channel.ts';
import { typedText } from '../../rfb/typed-text.ts';
import type { ScreenSource, TypedText } from '../screen.ts';
import { qemuKeys } from './keys.ts';
import { pictureFromPpm } from './picture.ts';
import type { QemuProcess } from './qemu-process.ts';

/** A guest takes a key in far less; QEMU's keyboard keeps 16 bytes for one that is busy, and drops what comes then. */
const KEY_MS = 10;

export interface QemuScreenParts {
  /** The running QEMU, or why what is said there cannot be done. */
  readonly process: (what: string) => Result<QemuProcess>;
  readonly clock: Clock;
}

/** The screen of a guest in QEMU: QEMU serves it itself, and viewers are connected through. */
export class QemuScreen implements ScreenSource {
  readonly #parts: QemuScreenParts;
  #typing = false;

  constructor(parts: QemuScreenParts) {
    this.#parts = parts;
  }

  attach(port: MessagePort): Result<void> {
    const process = this.#parts.process('show its screen');
    if (!process.ok) return process;
    joinChannels(portChannel(port), socketChannel(net.connect(process.value.vncPath)));
    return DONE;
  }

  async screenshot(): Promise<Result<Uint8Array>> {
    const process = this.#parts.process('show its screen');
    if (!process.ok) return process;
    const { folder } = process.value;
    const file = path.join(folder, `${randomBytes(4).toString('hex')}.ppm`);
    const dumped = await process.value.order('screendump', { filename: file });
    if (!dumped.ok) return dumped;
    try {
      const picture = pictureFromPpm(await fs.readFile(file));
      await fs.rm(file, { force: true });
      return picture.ok ? ok(encodePng(picture.value)) : picture;
    } catch (error) {
      return failureFromSystem(error, `Could not read the picture '${file}'`);
    }
  }

  /** QEMU does not tell a text mode from a graphics mode. */
  async text(): Promise<Result<null>> {
    const process = this.#parts.process('show its screen');
    return process.ok ? ok(null) : process;
  }

  async type(text: string): Promise<Result<TypedText>> {
    const process = this.#parts.process('take keys');
    if (!process.ok) return process;
    if (this.#typing) return err('busy', 'The guest has not taken all that was typed before');
    this.#typing = true;
    const { keys, left } = typedText(text);
    try {
      for (const codes of keys) {
        const sent = await process.value.order('input-send-event', { events: qemuKeys(codes) });
        if (!sent.ok) return sent;
        await sleep(this.#parts.clock, KEY_MS);
      }
      return ok({ left });
    } finally {
      this.#typing = false;
    }
  }
}
