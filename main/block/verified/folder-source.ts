import path from 'node:path';
import { type Result, err, ok } from '../../../shared/result.ts';
import type { BlockDevice } from '../device.ts';
import { NodeFile } from '../node-file.ts';
import { RawDevice } from '../raw.ts';
import type { MasterSource } from './master-source.ts';

/** A folder of this machine. */
export function folderSource(folder: string): MasterSource {
  return {
    name: path.join(folder, path.sep),
    remote: false,
    open: (file, lengthBytes) => openFile(path.join(folder, file), lengthBytes),
  };
}

async function openFile(file: string, lengthBytes: number): Promise<Result<BlockDevice>> {
  const opened = NodeFile.open(file, { readOnly: true });
  if (!opened.ok) return opened;
  const device = await RawDevice.open(opened.value);
  if (device.ok && device.value.lengthBytes === lengthBytes) return ok(device.value);
  await opened.value.close();
  if (!device.ok) return device;
  return err('malformed', `'${file}' is ${device.value.lengthBytes} bytes long, not ${lengthBytes}`);
}
