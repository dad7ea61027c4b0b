import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { jsonOf } from '../../../shared/json.ts';
import { DONE, err, ok, type Err, type Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';

const MAX_OUTPUT_CHARS = 1024 * 1024;
/** Long for a look at a header; an image that names a pipe or a dead server would make it last for ever. */
const INFO_LIMIT_MS = 10_000;

const infoSchema = z.object({
  'virtual-size': z.number().int().nonnegative(),
  'backing-filename': z.string().optional(),
  'full-backing-filename': z.string().optional(),
  'format-specific': z
    .object({
      data: z
        .object({
          'data-file': z.string().optional(),
          extents: z.array(z.object({ filename: z.string() })).optional(),
        })
        .optional(),
    })
    .optional(),
});

export interface ForeignImage {
  readonly path: string;
  /** Always said; contents are never probed (ADR 6). */
  readonly format: string;
}

export interface ConvertOptions {
  /** From 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/** QEMU's image tool, where the computer has it: for formats that Headwater does not speak itself. */
export class QemuImg {
  readonly #program: string;
  readonly #infoLimitMs: number;
  #available: Promise<boolean> | null = null;

  constructor(program = 'qemu-img', infoLimitMs = INFO_LIMIT_MS) {
    this.#program = program;
    this.#infoLimitMs = infoLimitMs;
  }

  isAvailable(): Promise<boolean> {
    this.#available ??= this.#run(['--version']).then(({ ok: present }) => present);
    return this.#available;
  }

  /**
   * The guest size of an image. Refuses one that names other files: whoever made it could have named any file of this
   * computer, and its content would end up in the disk. Answers within ten seconds.
   */
  async lengthOf(image: ForeignImage): Promise<Result<number>> {
    // qemu-img opens what a descriptor names before it says that there is such a thing.
    const single = image.format === 'vmdk' ? await refuseDescriptor(image.path) : DONE;
    if (!single.ok) return single;
    const args = ['info', '--output=json', '-U', '-f', image.format, path.resolve(image.path)];
    const limit = AbortSignal.timeout(this.#infoLimitMs);
    const said = await this.#run(args, undefined, limit);
    if (limit.aborted) {
      return err(
        'unsupported',
        `'${image.path}' could not be looked at in time: it seems to need another file or a server that does not answer`,
        { words: ['needs-backing-file', image.path] },
      );
    }
    if (!said.ok) return said;
    const info = infoSchema.safeParse(jsonOf(said.value));
    if (!info.success) return err('malformed', `'${image.path}': qemu-img said what cannot be understood`);
    const { data } = info.data['format-specific'] ?? {};
    const extents = data?.extents?.map(({ filename }) => filename) ?? [];
    const others = [
      info.data['full-backing-filename'],
      info.data['backing-filename'],
      data?.['data-file'],
      ...extents,
    ];
    const foreign = others.find((name) => name !== undefined && !isOwnExtent(image.path, name));
    if (foreign !== undefined) return needsOther(image.path, ` ('${foreign}')`);
    return ok(info.data['virtual-size']);
  }

  /** Copies an image into another format. The target is created, or replaced. */
  async convert(
    source: ForeignImage,
    target: ForeignImage,
    { onProgress, signal }: ConvertOptions = {},
  ): Promise<Result<void>> {
    const files = [path.resolve(source.path), path.resolve(target.path)];
    const listen = (text: string) => {
      const percent = /\((\d+(?:\.\d+)?)\/100%\)/.exec(text)?.[1];
      if (percent !== undefined) onProgress?.(Number(percent) / 100);
    };
    const args = ['convert', '-p', '-f', source.format, '-O', target.format, ...files];
    const done = await this.#run(args, listen, signal);
    return done.ok ? DONE : done;
  }

  #run(
    args: readonly string[],
    listen?: (text: string) => void,
    signal?: AbortSignal,
  ): Promise<Result<string>> {
    return new Promise((resolve) => {
      const child = spawn(this.#program, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, LC_ALL: 'C' },
        killSignal: 'SIGKILL',
        ...(signal && { signal }),
      });
      let output = '';
      let complaints = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        listen?.(text);
        if (listen === undefined && output.length < MAX_OUTPUT_CHARS) output += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        if (complaints.length < MAX_OUTPUT_CHARS) complaints += text;
      });
      child.on('error', (error) => {
        if (signal?.aborted) return; // 'close' follows
        resolve(
          err('unsupported', `qemu-img cannot be used (${error.message}); install it (Debian: qemu-utils)`, {
            words: ['needs-qemu-img'],
          }),
        );
      });
      child.on('close', (code) => {
        if (signal?.aborted) resolve(err('cancelled', 'The conversion was cancelled'));
        else if (code === 0) resolve(ok(output));
        else resolve(complaint(complaints.trim()));
      });
    });
  }
}

function complaint(text: string): Result<never> {
  const code = text.includes('No space left on device') ? 'no-space' : 'io';
  return err(code, text === '' ? 'qemu-img failed without saying why' : text);
}

function needsOther(image: string, which = ''): Err {
  return err('unsupported', `'${image}' needs another file${which}; make it complete first`, {
    words: ['needs-backing-file', image],
  });
}

/**
 * A vmdk is either one file of its own, beginning with a sparse header, or a text that names others. QEMU follows a header
 * of 0 sectors to such a text too (block/vmdk.c, `vmdk_open_vmdk4`).
 */
async function refuseDescriptor(image: string): Promise<Result<void>> {
  try {
    if (!(await fs.promises.stat(image)).isFile()) {
      return err('invalid-argument', `'${image}' is not a regular file`);
    }
    const file = await fs.promises.open(image, 'r');
    const header = Buffer.alloc(20);
    await file.read(header, 0, header.length, 0).finally(() => file.close());
    const sparse = header.toString('latin1', 0, 4) === 'KDMV' && header.readBigUInt64LE(12) > 0n;
    return sparse ? DONE : needsOther(image);
  } catch (error) {
    return failureFromSystem(error, `Could not look at '${image}'`);
  }
}

/** A sparse vmdk is its own only extent; qemu-img names the files of others. */
function isOwnExtent(image: string, name: string): boolean {
  return path.resolve(path.dirname(image), name) === path.resolve(image);
}
