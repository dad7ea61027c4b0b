import { spawn } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';
import { jsonOf } from '../../../shared/json.ts';
import { DONE, err, ok, type Result } from '../../../shared/result.ts';

const MAX_OUTPUT_CHARS = 1024 * 1024;

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
  #available: Promise<boolean> | null = null;

  constructor(program = 'qemu-img') {
    this.#program = program;
  }

  isAvailable(): Promise<boolean> {
    this.#available ??= this.#run(['--version']).then(({ ok: present }) => present);
    return this.#available;
  }

  /**
   * The guest size of an image. Refuses one that names other files: whoever made it could have named any file of this
   * computer, and its content would end up in the disk.
   */
  async lengthOf(image: ForeignImage): Promise<Result<number>> {
    const said = await this.#run([
      'info',
      '--output=json',
      '-U',
      '-f',
      image.format,
      path.resolve(image.path),
    ]);
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
    if (foreign !== undefined) {
      return err('unsupported', `'${image.path}' needs another file ('${foreign}'); make it complete first`, {
        words: ['needs-backing-file', image.path],
      });
    }
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

/** A sparse vmdk is its own only extent; qemu-img names the files of others. */
function isOwnExtent(image: string, name: string): boolean {
  return path.resolve(path.dirname(image), name) === path.resolve(image);
}
