// Turns Debian's kernel file (a boot sector, set-up code and an XZ-compressed kernel) into one whose kernel is
// compressed with LZ4 instead, in streams. See stub.S and lz4-streams.mjs for the reasons, and the kernel's
// Documentation/x86/boot.rst for the header.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../command.mjs';
import { readElf32 } from '../elf.mjs';
import { lz4Streams } from './lz4-streams.mjs';

const HEADER = { setupSectors: 0x1f1, sizeInParagraphs: 0x1f4, magic: 0x202, relocatable: 0x234 };
const PAYLOAD = { offset: 0x248, length: 0x24c };

/**
 * @param {string} source Debian's vmlinuz
 * @param {string} work folder for intermediate files
 * @returns {Buffer} what to boot instead of it
 */
export function repackKernel(source, work) {
  const original = readFileSync(source);
  if (original.toString('latin1', HEADER.magic, HEADER.magic + 4) !== 'HdrS')
    throw new Error(`${source} is no bzImage`);
  const setupBytes = (original[HEADER.setupSectors] + 1) * 512;

  // The payload is an XZ stream followed by its unpacked length in four bytes.
  const from = setupBytes + original.readUInt32LE(PAYLOAD.offset);
  const compressed = original.subarray(from, from + original.readUInt32LE(PAYLOAD.length) - 4);
  const { image, address, entry } = flatten(
    run('xz', ['-d', '-c'], { input: compressed, encoding: 'buffer' }),
  );

  const { literals, offsets, tokens } = lz4Streams(
    run('lz4', ['-l', '-12', '-c', '-q'], { input: image, encoding: 'buffer' }),
  );
  const stub = assembleStub(work, {
    KERNEL_ADDRESS: address,
    KERNEL_ENTRY: entry,
    OFFSETS: literals.length,
    TOKENS: literals.length + offsets.length,
  });
  const body = Buffer.concat([stub, literals, offsets, tokens]);
  const padding = Buffer.alloc(-body.length & 15);

  const setup = Buffer.from(original.subarray(0, setupBytes));
  setup.writeUInt32LE((body.length + padding.length) / 16, HEADER.sizeInParagraphs);
  setup[HEADER.relocatable] = 0; // the boot loader puts it at 1 MiB, out of the way of the unpacked kernel
  setup.writeUInt32LE(0, PAYLOAD.offset);
  setup.writeUInt32LE(0, PAYLOAD.length);
  return Buffer.concat([setup, body, padding]);
}

/** Memory image of the kernel's loadable segments, the address of its first byte and the address to start at. */
function flatten(vmlinux) {
  const elf = readElf32(vmlinux);
  if (!elf) throw new Error('the unpacked kernel is not a 32-bit ELF file');
  const address = Math.min(...elf.loadable.map(({ physicalAddress }) => physicalAddress));
  const end = Math.max(...elf.loadable.map(({ physicalAddress, fileBytes }) => physicalAddress + fileBytes));
  const image = Buffer.alloc(end - address);
  for (const { offset, physicalAddress, fileBytes } of elf.loadable) {
    vmlinux.copy(image, physicalAddress - address, offset, offset + fileBytes);
  }
  return { image, address, entry: elf.entry };
}

function assembleStub(work, symbols) {
  const object = join(work, 'stub.o');
  const binary = join(work, 'stub.bin');
  const definitions = Object.entries(symbols).flatMap(([name, value]) => ['--defsym', `${name}=${value}`]);
  run('as', ['--32', ...definitions, '-o', object, join(import.meta.dirname, 'stub.S')]);
  run('objcopy', ['-O', 'binary', '-j', '.text', object, binary]);
  return readFileSync(binary);
}
