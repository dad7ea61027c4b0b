import fs from 'node:fs';
import path from 'node:path';
import { app } from 'electron';
import { ok } from '../../../shared/result.ts';
import type { RequestHandlers } from '../ipc/handlers.ts';

export const appInfo: RequestHandlers['app.info'] = async () =>
  ok({
    version: app.getVersion(),
    electron: process.versions.electron,
    platform: process.platform,
    carriedRuntime: fs.existsSync(path.join(process.resourcesPath, 'carried-runtime')),
    qemuImg: onPath('qemu-img'),
  });

function onPath(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean);
  const names = process.platform === 'win32' ? [`${program}.exe`] : [program];
  return folders.some((folder) => names.some((name) => fs.existsSync(path.join(folder, name))));
}
