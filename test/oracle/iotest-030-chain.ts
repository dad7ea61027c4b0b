/** Chains of images in files, as iotest 030 has them, and disks that stream in them. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { expect, onTestFinished } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { unwrap, type Result } from '../../shared/result.ts';
import { imageCommand } from '../../main/cli/commands/image/index.ts';
import type { ImageChain } from '../../main/storage/chain/image-chain.ts';
import type { DiskSpec, StreamSpec } from '../../main/storage/disk/disk-spec.ts';
import { OpenDisk } from '../../main/storage/disk/open-disk.ts';
import type { JobEvent, JobReport } from '../../main/streaming/job/job-events.ts';
import type { JobStatus } from '../../main/streaming/job/job-status.ts';
import { tempFolder } from '../support/temp-folder.ts';

function formatOf(file: string): 'raw' | 'qed' {
  return file.endsWith('.raw') ? 'raw' : 'qed';
}

function run(program: string, folder: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

export function qemuImg(folder: string, ...args: string[]): string {
  return run('qemu-img', folder, args);
}

export function qemuIo(file: string, command: string): string {
  return run('qemu-io', path.dirname(file), ['-f', formatOf(file), '-c', command, file]);
}

/** Expects that QEMU finds nothing wrong with an image, not even a cluster too many. */
export function checkImage(file: string): void {
  expect(qemuImg('.', 'check', '-f', 'qed', file)).toContain('No errors were found on the image.');
}

export function expectSameContent(file: string, other: string): void {
  const formats = ['-f', formatOf(file), '-F', formatOf(other)];
  expect(qemuImg('.', 'compare', ...formats, file, other)).toBe('Images are identical.\n');
}

/** Which parts an image holds itself, in the words of `qemu-io`. QEMU's own look at an image that is in use. */
export function allocationMap(file: string): string {
  return run('qemu-io', path.dirname(file), ['-f', formatOf(file), '-r', '-U', '-c', 'map', file]);
}

/** What `headwater image` prints. */
export async function headwaterImage(
  args: readonly string[],
  interrupted = new AbortController().signal,
): Promise<{ code: number; text: string }> {
  let text = '';
  const print = (more: string) => void (text += more);
  const code = await imageCommand.run(args, {
    stdin: Readable.from([]),
    out: print,
    err: print,
    interactive: false,
    columns: 80,
    interrupted,
  });
  return { code, text };
}

/** Expects that QEMU and Headwater see the same extents in the same layers. */
export async function expectSameMap(file: string): Promise<void> {
  const args = ['map', '--output=json', '-f', 'qed', file];
  expect((await headwaterImage(args)).text).toBe(qemuImg('.', ...args));
}

/** Whether somebody has the right to write an image (ADR 4). */
export function isLocked(file: string): boolean {
  return fs.existsSync(path.join(path.dirname(file), `.${path.basename(file)}.lock`));
}

/** Images that lie on one another: `node0` is the base, as in 030. All are checked by QEMU when the test has ended. */
export class Chain {
  readonly #files: readonly string[];
  readonly #expected: string;

  /**
   * Makes a raw base and `depth - 1` QED images above it, each of `lengthBytes`.
   * @param writes commands of `qemu-io` for each image, by its number
   */
  static create(depth: number, lengthBytes: number, writes: Record<number, readonly string[]>): Chain {
    const folder = tempFolder();
    const files = Array.from({ length: depth }, (_, n) =>
      path.join(folder, n === 0 ? 'node0.raw' : `node${n}.qed`),
    );
    files.forEach((file, n) => {
      const below = path.basename(files[n - 1] ?? '');
      const backing = n === 0 ? [] : ['-b', below, '-F', formatOf(below)];
      qemuImg(folder, 'create', '-q', '-f', formatOf(file), ...backing, file, String(lengthBytes));
      for (const command of writes[n] ?? []) qemuIo(file, command);
    });
    const chain = new Chain(files, path.join(folder, 'expected.raw'));
    qemuImg(folder, 'convert', '-O', 'raw', chain.file(depth - 1), chain.#expected);
    onTestFinished(() => chain.#verify());
    return chain;
  }

  private constructor(files: readonly string[], expected: string) {
    this.#files = files;
    this.#expected = expected;
  }

  get depth(): number {
    return this.#files.length;
  }

  file(n: number): string {
    const file = this.#files[n];
    if (file === undefined) throw new Error(`the chain has no node${n}`);
    return file;
  }

  /** The images from number `top` down. */
  from(top = this.depth - 1): ImageChain {
    const location = this.file(top);
    const backing = top === 0 ? null : this.from(top - 1);
    return { location, format: formatOf(location), backing, nodeName: `node${top}` };
  }

  map(n: number): string {
    return allocationMap(this.file(n));
  }

  /** Numbers of the images from `top` down, as the headers have it. */
  numbersFrom(top = this.depth - 1): number[] {
    const text = qemuImg('.', 'info', '-U', '--backing-chain', '--output=json', this.file(top));
    const layers = JSON.parse(text) as { filename: string }[];
    return layers.map(({ filename }) => Number(/node(\d+)\./.exec(filename)?.[1]));
  }

  expectContent(n = this.depth - 1): void {
    expectSameContent(this.file(n), this.#expected);
  }

  /** Makes the topmost image longer than what is behind it. */
  growTop(lengthBytes: number): void {
    qemuImg('.', 'resize', '-q', '-f', 'qed', this.file(this.depth - 1), String(lengthBytes));
    fs.truncateSync(this.#expected, lengthBytes);
  }

  /** Removes images that nothing needs any more. */
  remove(...numbers: number[]): void {
    for (const n of numbers) fs.rmSync(this.file(n));
  }

  async #verify(): Promise<void> {
    for (const file of this.#files) {
      if (formatOf(file) === 'raw' || !fs.existsSync(file)) continue;
      checkImage(file);
      await expectSameMap(file);
    }
  }
}

/** A disk over a chain, with what its jobs told. Closed when the test has ended, if not before. */
export class StreamedDisk {
  readonly events: JobEvent[] = [];
  readonly #disk: OpenDisk;
  readonly #waiting = new Set<() => void>();
  readonly #listeners: ((event: JobEvent) => void)[] = [];

  static async open(chain: ImageChain, options: Partial<DiskSpec> = {}): Promise<StreamedDisk> {
    const opened = await StreamedDisk.tryOpen(chain, options);
    return unwrap(opened);
  }

  static async tryOpen(chain: ImageChain, options: Partial<DiskSpec> = {}): Promise<Result<StreamedDisk>> {
    const hear: ((event: JobEvent) => void)[] = [];
    const spec: DiskSpec = {
      chain,
      deviceName: 'drive0',
      readOnly: false,
      copyOnRead: 'off',
      onSourceLost: 'report',
      ...options,
    };
    const opened = await OpenDisk.open(spec, systemClock, (told) => {
      if (told.kind === 'job') hear[0]?.(told.event);
    });
    if (!opened.ok) return opened;
    const disk = new StreamedDisk(opened.value);
    hear.push((event) => disk.#hear(event));
    onTestFinished(() => disk.close());
    return { ok: true, value: disk };
  }

  private constructor(disk: OpenDisk) {
    this.#disk = disk;
  }

  get device() {
    return this.#disk.device;
  }

  get status() {
    return this.#disk.status();
  }

  stream(options: Partial<StreamSpec> = {}): Promise<Result<void>> {
    return this.#disk.startStream({ speed: 0, onError: 'report', ...options });
  }

  /** The message a request is refused with; null when it is not. */
  async refusal(options: Partial<StreamSpec>): Promise<string | null> {
    const answer = await this.stream(options);
    return answer.ok ? null : answer.failure.message;
  }

  job(id: string) {
    return unwrap(this.#disk.job(id));
  }

  /** Resolves with how a job ended when it is gone. */
  async ended(id = 'drive0'): Promise<{ event: string; data: JobReport & { readonly error?: string } }> {
    await this.until(id, 'null');
    for (const told of this.events) {
      if (told.event !== 'BLOCK_JOB_COMPLETED' && told.event !== 'BLOCK_JOB_CANCELLED') continue;
      if (told.data.device === id) return told;
    }
    throw new Error(`job '${id}' ended without a word`);
  }

  listen(listener: (event: JobEvent) => void): void {
    this.#listeners.push(listener);
  }

  hasEnded(id: string): boolean {
    return this.hasBeen(id, 'null');
  }

  hasBeen(id: string, status: JobStatus): boolean {
    return this.events.some(
      ({ event, data }) => event === 'JOB_STATUS_CHANGE' && data.id === id && data.status === status,
    );
  }

  /** Resolves when a job has been in a state. */
  async until(id: string, status: JobStatus): Promise<void> {
    while (!this.hasBeen(id, status)) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** Streams to the end, which must be a good one. */
  async streamed(options: Partial<StreamSpec> = {}): Promise<JobReport> {
    unwrap(await this.stream(options));
    const { event, data } = await this.ended(options.jobId);
    expect({ event, error: data.error }).toEqual({ event: 'BLOCK_JOB_COMPLETED', error: undefined });
    return data;
  }

  async close(): Promise<void> {
    unwrap(await this.#disk.close());
  }

  #hear(event: JobEvent): void {
    this.events.push(event);
    for (const listener of this.#listeners) listener(event);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
