import { HANDSHAKE, INFO, MAGIC, OPTION_REPLY_HEADER_BYTES, writeOffset } from '../../block/nbd/protocol.ts';
import { DEFAULT_BLOCK_SIZES, transmissionFlags, type NbdExport } from '../export.ts';
import { uint16, uint32 } from '../../block/nbd/wire/encode.ts';

/** The first thing a client hears. */
export function greeting(): Buffer {
  const bytes = Buffer.alloc(18);
  bytes.writeBigUInt64BE(MAGIC.server, 0);
  bytes.writeBigUInt64BE(MAGIC.option, 8);
  bytes.writeUInt16BE(HANDSHAKE.fixedNewstyle | HANDSHAKE.noZeroes, 16);
  return bytes;
}

export function optionReply(option: number, type: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(OPTION_REPLY_HEADER_BYTES);
  header.writeBigUInt64BE(MAGIC.optionReply, 0);
  header.writeUInt32BE(option, 8);
  header.writeUInt32BE(type, 12);
  header.writeUInt32BE(data.length, 16);
  return Buffer.concat([header, data]);
}

/** How an export is listed. */
export function listed({ name, description }: NbdExport): Buffer {
  const text = Buffer.from(name);
  return Buffer.concat([uint32(text.length), text, Buffer.from(description ?? '')]);
}

export function contextReply(id: number, name: string): Buffer {
  return Buffer.concat([uint32(id), Buffer.from(name)]);
}

/** Size and abilities, as they are at this moment. */
export function exportInfo(served: NbdExport, structured: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16BE(INFO.export, 0);
  writeOffset(bytes, served.device.lengthBytes, 2);
  bytes.writeUInt16BE(transmissionFlags(served, structured), 10);
  return bytes;
}

export function nameInfo({ name }: NbdExport): Buffer {
  return Buffer.concat([uint16(INFO.name), Buffer.from(name)]);
}

export function descriptionInfo(description: string): Buffer {
  return Buffer.concat([uint16(INFO.description), Buffer.from(description)]);
}

export function blockSizeInfo({ blockSizes }: NbdExport): Buffer {
  const { minimum, preferred, maximum } = blockSizes ?? DEFAULT_BLOCK_SIZES;
  return Buffer.concat([uint16(INFO.blockSize), uint32(minimum), uint32(preferred), uint32(maximum)]);
}

/** The old way into the transmission phase: no header, and a gap nobody uses where the client did not object. */
export function exportNameReply(served: NbdExport, structured: boolean, noZeroes: boolean): Buffer {
  return Buffer.concat([exportInfo(served, structured).subarray(2), Buffer.alloc(noZeroes ? 0 : 124)]);
}
