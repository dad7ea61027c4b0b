import { app, dialog, type BrowserWindow, type OpenDialogOptions } from 'electron';
import path from 'node:path';
import { ok, type Result } from '../../../shared/result.ts';
import type { Caller, RequestHandlers } from '../ipc/handlers.ts';
import type { Windows } from '../windows/windows.ts';
import type { ChosenPaths, Purpose } from './chosen-paths.ts';

type DialogHandlers = Pick<
  RequestHandlers,
  'dialog.chooseFile' | 'dialog.chooseFolder' | 'dialog.chooseSavePath'
>;

export function dialogHandlers(windows: Windows, chosen: ChosenPaths): DialogHandlers {
  const remember = (purpose: Purpose, answer: string | undefined): Result<string | null> => {
    if (answer === undefined || answer === '') return ok(null);
    chosen.add(purpose, answer);
    return ok(answer);
  };
  const choose = async (
    purpose: Purpose,
    properties: OpenDialogOptions['properties'],
    { contents }: Caller,
  ) => {
    const { filePaths } = await dialog.showOpenDialog(ownerOf(windows, contents), {
      properties: properties ?? [],
    });
    return remember(purpose, filePaths[0]);
  };
  return {
    'dialog.chooseFile': (_input, caller) => choose('read', ['openFile'], caller),
    'dialog.chooseFolder': (_input, caller) => choose('folder', ['openDirectory', 'createDirectory'], caller),
    'dialog.chooseSavePath': async ({ suggestedName }, { contents }) => {
      // A name only: a suggestion must not lead anywhere.
      const defaultPath = path.join(app.getPath('documents'), path.basename(suggestedName));
      const { filePath } = await dialog.showSaveDialog(ownerOf(windows, contents), { defaultPath });
      return remember('save', filePath);
    },
  };
}

function ownerOf(windows: Windows, contents: Caller['contents']): BrowserWindow {
  const owner = windows.windowOf(contents);
  if (!owner) throw new Error('a dialog was asked for by a window that is gone');
  return owner;
}
