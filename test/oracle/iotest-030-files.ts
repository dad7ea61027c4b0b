/** The job-level cases of iotest 030 on QED images in files that QEMU made, in simulated time. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { err, unwrap, type Err, type FailureCode } from '../../shared/result.ts';
import { KIB } from '../../shared/units.ts';
import { NodeFile } from '../../main/block/node-file.ts';
import { rangeEnd } from '../../main/block/range.ts';
import { RawDevice } from '../../main/block/raw.ts';
import { QedDevice } from '../../main/qed/device.ts';
import { QedImage } from '../../main/qed/image.ts';
import { overlayTarget } from '../../main/streaming/job/stream-target.ts';
import type { ImageShape, StreamedImage, StreamFixture } from '../support/iotest-030.ts';
import type { FileOperation } from '../support/memory-file.ts';
import { pattern } from '../support/qed-disk.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { WatchedFile } from '../support/watched-file.ts';
import { checkImage, expectSameContent, qemuImg } from './iotest-030-chain.ts';

const CLUSTER_BYTES = 64 * KIB;
const TAG = 1;

/** Every image is closed, checked and compared with its source by QEMU when its test has ended. */
export class FilesFixture implements StreamFixture {
  readonly clock = new SimulatedClock();
  readonly #folder = tempFolder();
  #images = 0;

  async image(shape: ImageShape): Promise<FileImage> {
    const folder = path.join(this.#folder, String(this.#images++));
    fs.mkdirSync(folder);
    createImages(folder, shape);
    const image = await FileImage.open(this.clock, folder, shape);
    onTestFinished(() => image.verify());
    return image;
  }

  until<T>(work: Promise<T>): Promise<T> {
    return this.clock.run(work);
  }

  pass(durationMs: number): Promise<void> {
    return this.clock.advance(durationMs);
  }
}

function createImages(folder: string, shape: ImageShape): void {
  const backingBytes = shape.backingBytes ?? shape.lengthBytes;
  const content = pattern(backingBytes, TAG);
  const source = new Uint8Array(backingBytes);
  for (const range of shape.data) {
    source.set(content.subarray(range.offset, rangeEnd(range)), range.offset);
  }
  fs.writeFileSync(path.join(folder, 'base.raw'), source);
  const expected = new Uint8Array(Math.min(shape.lengthBytes, backingBytes));
  expected.set(source.subarray(0, expected.length));
  fs.writeFileSync(path.join(folder, 'expected.raw'), expected);
  fs.truncateSync(path.join(folder, 'expected.raw'), shape.lengthBytes);
  const backing = backingBytes === 0 ? [] : ['-b', 'base.raw', '-F', 'raw'];
  qemuImg(folder, 'create', '-q', '-f', 'qed', ...backing, 'top.qed', String(shape.lengthBytes));
}

/** A test's hand on the files of an image. */
class Hand {
  held = false;
  readBytes = 0;
  fail: (operation: FileOperation) => Err | null = () => null;
}

async function openImages(
  clock: SimulatedClock,
  folder: string,
  readOnly: boolean,
  base: Hand,
  top: Hand,
): Promise<QedDevice> {
  const source = unwrap(NodeFile.open(path.join(folder, 'base.raw'), { readOnly: true }));
  const watched = new WatchedFile(source, async (operation) => {
    while (base.held) await clock.delay(10);
    if (operation.kind === 'read') base.readBytes += operation.length;
    return base.fail(operation);
  });
  const own = unwrap(NodeFile.open(path.join(folder, 'top.qed'), { readOnly }));
  const file = new WatchedFile(own, (operation) => top.fail(operation));
  const image = unwrap(await QedImage.open(file, { clock }));
  return new QedDevice(image, image.backing === null ? null : unwrap(await RawDevice.open(watched)));
}

export class FileImage implements StreamedImage {
  readonly node: string;
  #device: QedDevice;
  readonly #folder: string;
  readonly #base: Hand;
  readonly #top: Hand;

  static async open(
    clock: SimulatedClock,
    folder: string,
    shape: Pick<ImageShape, 'node' | 'readOnly'>,
  ): Promise<FileImage> {
    const [base, top] = [new Hand(), new Hand()];
    const device = await openImages(clock, folder, shape.readOnly ?? false, base, top);
    return new FileImage(device, folder, base, top, shape.node ?? 'drive0');
  }

  private constructor(device: QedDevice, folder: string, base: Hand, top: Hand, node: string) {
    this.#device = device;
    this.node = node;
    this.#folder = folder;
    this.#base = base;
    this.#top = top;
  }

  get device(): QedDevice {
    return this.#device;
  }

  /** Closes the images and opens them again, as after the end of the program. */
  async reopen(clock: SimulatedClock): Promise<void> {
    unwrap(await this.#device.close());
    this.#device = await openImages(clock, this.#folder, false, this.#base, this.#top);
  }

  /** Bytes read of the source so far. */
  get sourceBytes(): number {
    return this.#base.readBytes;
  }

  target() {
    return overlayTarget(this.device);
  }

  async dataBytes(): Promise<number> {
    let bytes = 0;
    for (let at = 0; at < this.device.lengthBytes;) {
      const extent = unwrap(await this.device.extentAt(at, this.device.lengthBytes - at));
      if (extent.kind === 'data') bytes += extent.length;
      at = rangeEnd(extent);
    }
    return bytes;
  }

  standalone(): boolean {
    return this.device.backing === null;
  }

  failReadOnce(offset: number, code: FailureCode): void {
    this.#base.fail = once(
      code,
      (operation) =>
        operation.kind === 'read' &&
        operation.position <= offset &&
        offset < operation.position + operation.length,
    );
  }

  failStoreOnce(offset: number, code: FailureCode): void {
    this.#top.fail = once(code, (operation) => operation.kind === 'write' && stores(operation.data, offset));
  }

  hold(): void {
    this.#base.held = true;
  }

  release(): void {
    this.#base.held = false;
  }

  async verify(): Promise<void> {
    this.release();
    unwrap(await this.device.close());
    checkImage(path.join(this.#folder, 'top.qed'));
    if (this.standalone()) fs.rmSync(path.join(this.#folder, 'base.raw'));
    expectSameContent(path.join(this.#folder, 'top.qed'), path.join(this.#folder, 'expected.raw'));
    expect(qemuImg(this.#folder, 'info', 'top.qed').includes('backing file')).toBe(!this.standalone());
  }
}

function once(code: FailureCode, concerns: (operation: FileOperation) => boolean) {
  let struck = false;
  return (operation: FileOperation): Err | null => {
    if (struck || !concerns(operation)) return null;
    struck = true;
    return err(code, 'a fault of the test');
  };
}

/** Whether clusters of the source are written, among them the one at `offset`: its words tell where they are from. */
function stores(data: Uint8Array, offset: number): boolean {
  const words = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at + CLUSTER_BYTES <= data.length; at += CLUSTER_BYTES) {
    const word = words.getUint32(at, true);
    const from = (word & 0xff_ffff) * 4;
    if (word >>> 24 === TAG && from <= offset && offset < from + CLUSTER_BYTES) return true;
  }
  return false;
}
