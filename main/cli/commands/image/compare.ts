import { because, ok, type Result } from '../../../../shared/result.ts';
import { contentAt, readPadded } from '../../../block/backing-read.ts';
import { ProgressLine } from '../../output/progress-line.ts';
import { BlockStatusReader } from './block-status.ts';
import { isCacheMode } from './cache-mode.ts';
import { firstDifference, firstNonZero } from './copy/differences.ts';
import { openImage, type OpenedImage } from './open-image.ts';
import { EXIT_INTERRUPTED, option, type Subcommand, type Tool } from './tool.ts';

const OPTIONS = [
  option('format', '-f', 'required'),
  option('second-format', '-F', 'required'),
  option('cache', '-T', 'required'),
  option('progress', '-p'),
  option('quiet', '-q'),
  option('strict', '-s'),
  option('share', '-U --force-share'),
] as const;

const EXIT = { same: 0, different: 1, cannotOpen: 2, cannotLookUp: 3, cannotRead: 4 } as const;
const PIECE_BYTES = 1024 * 1024;
const TURN_MS = 30;

/** How a comparison ended: an answer for standard output, or a failure of one image. */
type Verdict = { readonly exitCode: number; readonly answer?: string; readonly problem?: string };

/** `compare [-f fmt] [-F fmt] [-T src_cache] [-p] [-q] [-s] [-U] filename1 filename2` */
export const compare: Subcommand = async (args, tool) => {
  const given = tool.read(args, OPTIONS);
  if (typeof given === 'number') return given;
  const [first, second, surplus] = given.operands;
  if (first === undefined || second === undefined || surplus !== undefined) {
    return tool.misuse('Expecting two image file names');
  }
  if (!isCacheMode(given.value('cache'))) {
    return tool.fail(`Invalid source cache option: ${given.value('cache') ?? ''}`, EXIT.cannotOpen);
  }
  const a = await open(first, given.value('format'), tool);
  if (!a.ok) return tool.fail(a.failure.message, EXIT.cannotOpen);
  try {
    const b = await open(second, given.value('second-format'), tool);
    if (!b.ok) return tool.fail(b.failure.message, EXIT.cannotOpen);
    try {
      const quiet = given.has('quiet');
      const progress = new ProgressLine(tool.terminal, given.has('progress') && !quiet, 2);
      const say = (text: string) => (quiet ? undefined : tool.terminal.out(`${text}\n`));
      const verdict = await new Comparison(a.value, b.value, given.has('strict'), progress, say, tool).run();
      if (verdict.problem !== undefined) tool.note(verdict.problem);
      if (verdict.answer !== undefined) say(verdict.answer);
      progress.end();
      return verdict.exitCode;
    } finally {
      await b.value.device.close();
    }
  } finally {
    await a.value.device.close();
  }
};

async function open(name: string, format: string | undefined, tool: Tool): Promise<Result<OpenedImage>> {
  const opened = await openImage(name, { format, readOnly: true, backing: true }, tool);
  return opened.ok ? opened : because(`Could not open '${name}'`, opened);
}

class Comparison {
  readonly #images: readonly [OpenedImage, OpenedImage];
  readonly #status: readonly [BlockStatusReader, BlockStatusReader];
  readonly #strict: boolean;
  readonly #progress: ProgressLine;
  readonly #say: (text: string) => void;
  readonly #tool: Tool;
  readonly #buffers = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)] as const;

  constructor(
    a: OpenedImage,
    b: OpenedImage,
    strict: boolean,
    progress: ProgressLine,
    say: (text: string) => void,
    tool: Tool,
  ) {
    this.#images = [a, b];
    this.#status = [new BlockStatusReader(a), new BlockStatusReader(b)];
    this.#strict = strict;
    this.#progress = progress;
    this.#say = say;
    this.#tool = tool;
  }

  async run(): Promise<Verdict> {
    const lengths = this.#images.map((image) => image.lengthBytes);
    const [common, total] = [Math.min(...lengths), Math.max(...lengths)];
    if (common !== total && this.#strict) {
      return { exitCode: EXIT.different, answer: 'Strict mode: Image size mismatch!' };
    }
    let turnEnds = performance.now() + TURN_MS;
    for (let offset = 0; offset < total;) {
      if (offset === common) this.#say('Warning: Image size mismatch!');
      const step = await this.#step(offset, (offset < common ? common : total) - offset);
      if (typeof step !== 'number') return step;
      offset += step;
      this.#progress.report(offset, total);
      if (performance.now() < turnEnds) continue;
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#tool.interrupted) return { exitCode: EXIT_INTERRUPTED, problem: 'interrupted' };
      turnEnds = performance.now() + TURN_MS;
    }
    return { exitCode: EXIT.same, answer: 'Images are identical.' };
  }

  /** Compares from `offset` on; returns how far it came, or the verdict. */
  async #step(offset: number, length: number): Promise<number | Verdict> {
    const states = [];
    for (const index of [0, 1] as const) {
      const state = await this.#stateOf(index, offset, length);
      if (!state.ok) {
        const { location } = this.#images[index];
        const problem = `Sector allocation test failed for ${location}: ${state.failure.message}`;
        return { exitCode: EXIT.cannotLookUp, problem };
      }
      states.push(state.value);
    }
    const reach = Math.min(length, ...states.map((state) => state.length));
    if (this.#strict && states[0]?.kind !== states[1]?.kind) {
      return { exitCode: EXIT.different, answer: `Strict mode: Offset ${offset} block status mismatch!` };
    }
    const [zeroA, zeroB] = states.map((state) => state.zero);
    if (zeroA === true && zeroB === true) return reach;
    const piece = Math.min(reach, PIECE_BYTES);
    for (const [index, zero] of [
      [0, zeroA],
      [1, zeroB],
    ] as const) {
      if (zero === true) continue;
      const { device, location } = this.#images[index];
      const read = await readPadded(device, offset, this.#buffers[index].subarray(0, piece));
      if (read.ok) continue;
      const problem = `Error while reading offset ${offset} of ${location}: ${read.failure.message}`;
      return { exitCode: EXIT.cannotRead, problem };
    }
    const [a, b] = [this.#buffers[0].subarray(0, piece), this.#buffers[1].subarray(0, piece)];
    const at = zeroA === true ? firstNonZero(b) : zeroB === true ? firstNonZero(a) : firstDifference(a, b);
    if (at === null) return piece;
    return { exitCode: EXIT.different, answer: `Content mismatch at offset ${offset + at}!` };
  }

  /** What is known without comparing: in strict mode as `map` sees it, else only where zeroes need no reading. */
  async #stateOf(
    index: 0 | 1,
    offset: number,
    length: number,
  ): Promise<Result<{ length: number; zero: boolean; kind: string }>> {
    const image = this.#images[index];
    if (offset >= image.lengthBytes) return ok({ length, zero: true, kind: '' });
    if (!this.#strict) {
      const content = await contentAt(image.device, offset, length);
      return content.ok ? ok({ ...content.value, kind: '' }) : content;
    }
    const status = await this.#status[index].above(offset, length);
    if (!status.ok) return status;
    const { data, zero, allocated, fileOffset } = status.value;
    // QEMU also compares whether the run reaches the end of the image.
    const toEnd = offset + status.value.length === image.lengthBytes;
    const kind = JSON.stringify([data, zero, allocated, fileOffset !== null, toEnd]);
    return ok({ length: status.value.length, zero, kind });
  }
}
