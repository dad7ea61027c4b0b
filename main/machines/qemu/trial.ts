import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { GuestArch } from '../../../shared/appliance.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import { ok, type Result } from '../../../shared/result.ts';
import type { Accelerator } from './accelerator.ts';
import { boardOf, processorFor } from './boards.ts';
import { runShortly } from './run-shortly.ts';

/** A firmware of a few instructions, and how QEMU ends when they were executed. */
interface Trial {
  readonly firmware: Uint8Array;
  readonly args: readonly string[];
  readonly exitCode: number;
}

const FIRMWARE_BYTES = 0x10000;
const RESET_VECTOR = 0xfff0;
/** What a PC says at the end, and what QEMU's `isa-debug-exit` makes of it. */
const SAID = 0x2a;
const EXIT_CODE = (SAID << 1) | 1;
const EXIT_PORT = 0xf4;
/** It needs some milliseconds; a guest that has gone nowhere by then never will. */
const ACCELERATED_LIMIT_MS = 5000;
/** There is nothing else to fall back to, however busy the computer is. */
const EMULATED_LIMIT_MS = 60_000;

/**
 * From the reset vector into protected mode, a word to memory and back, and out. Some accelerators that can be opened run
 * the first mode and hang in the second.
 */
function pcFirmware(): Uint8Array {
  // prettier-ignore
  const code = [
    0xfa,                                           // cli
    0x2e, 0x66, 0x0f, 0x01, 0x16, 0x58, 0x00,       // lgdt cs:[0x58]
    0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0, // cr0 |= PE
    0x66, 0xea, 0x18, 0x00, 0xff, 0xff, 0x08, 0x00, // jmp 8:0xffff0018
    0x66, 0xb8, 0x10, 0x00, 0x8e, 0xd8,             // ds = 16
    0xc7, 0x05, 0x00, 0x10, 0x00, 0x00, 0x34, 0x12, 0x00, 0x00, // mov [0x1000], 0x1234
    0xa1, 0x00, 0x10, 0x00, 0x00,                   // mov eax, [0x1000]
    0x3d, 0x34, 0x12, 0x00, 0x00,                   // cmp eax, 0x1234
    0x75, 0x04,                                     // jne 0x38
    0xb0, SAID, 0xe6, EXIT_PORT,                    // out EXIT_PORT, SAID
    0xf4, 0xeb, 0xfd,                               // 0x38: hlt; jmp 0x38
  ];
  // prettier-ignore
  const descriptors = [
    0, 0, 0, 0, 0, 0, 0, 0,
    0xff, 0xff, 0, 0, 0, 0x9a, 0xcf, 0,             // 8: code, 4 GiB
    0xff, 0xff, 0, 0, 0, 0x92, 0xcf, 0,             // 16: data, 4 GiB
    0x17, 0x00, 0x40, 0x00, 0xff, 0xff,             // 0x58: their length and place
  ];
  const firmware = new Uint8Array(FIRMWARE_BYTES);
  firmware.set(code);
  firmware.set(descriptors, 0x40);
  firmware.set([0xe9, 0x0d, 0x00], RESET_VECTOR); // jmp 0, around the end of the segment
  return firmware;
}

/** A word to memory and back, and off by the firmware's call for that (PSCI 1.1, `SYSTEM_OFF`). */
function armFirmware(): Uint8Array {
  // prettier-ignore
  const code = Uint32Array.of(
    0xd2a80001, // movz x1, 0x4000, lsl 16: where memory begins
    0x52824682, // movz w2, 0x1234
    0xb9000022, // str w2, [x1]
    0xb9400023, // ldr w3, [x1]
    0x6b02007f, // cmp w3, w2
    0x54000081, // b.ne 0x24
    0x52b08000, // movz w0, 0x8400, lsl 16
    0x72800100, // movk w0, 8
    0xd4000002, // hvc 0
    0xd503207f, // 0x24: wfi
    0x17ffffff, // b 0x24
  );
  return new Uint8Array(code.buffer);
}

function trialOf(arch: GuestArch): Trial {
  if (arch === 'aarch64')
    return { firmware: armFirmware(), args: ['-machine', boardOf(arch).machine], exitCode: 0 };
  const args = ['-device', `isa-debug-exit,iobase=${EXIT_PORT},iosize=1`];
  return { firmware: pcFirmware(), args, exitCode: EXIT_CODE };
}

/**
 * Whether a guest really runs so: a few instructions are executed. Opening `/dev/kvm`, or asking QEMU what it was built
 * with, says nothing of that. Fails where there is no room for the few KiB to execute.
 */
export async function tryGuest(
  arch: GuestArch,
  program: string,
  accelerator: Accelerator,
  args: readonly string[],
): Promise<Result<boolean>> {
  const trial = trialOf(arch);
  const firmware = trialFile(trial.firmware);
  if (!firmware.ok) return firmware;
  const { code } = await runShortly(
    program,
    [
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-m', '16'],
      ...['-accel', accelerator, '-cpu', processorFor(arch, accelerator), ...args],
      ...[...trial.args, '-bios', firmware.value],
    ],
    accelerator === 'tcg' ? EMULATED_LIMIT_MS : ACCELERATED_LIMIT_MS,
  );
  fs.rmSync(path.dirname(firmware.value), { recursive: true, force: true });
  return ok(code === trial.exitCode);
}

/** The firmware, in a folder of its own. */
function trialFile(firmware: Uint8Array): Result<string> {
  let folder: string | null = null;
  try {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'headwater-trial-'));
    const file = path.join(folder, 'trial.bin');
    fs.writeFileSync(file, firmware);
    return ok(file);
  } catch (error) {
    if (folder !== null) fs.rmSync(folder, { recursive: true, force: true });
    return failureFromSystem(error, `Could not try in '${os.tmpdir()}' what QEMU can do here`);
  }
}
