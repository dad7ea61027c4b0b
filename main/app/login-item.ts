import fs from 'node:fs';
import path from 'node:path';
import { app } from 'electron';
import { DONE, type Result } from '../../shared/result.ts';
import { failureFromSystem } from '../../shared/errno.ts';

/** Starts the app without a window: streams go on, and the icon of the tray leads to it. */
export const BACKGROUND_SWITCH = 'background';

/** The command that starts this app. */
export interface OwnCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** Has the system start the app when the user logs in, or not any more. */
export function setLoginItem(wanted: boolean): Result<void> {
  const { program, args } = ownCommand();
  const all = [...args, `--${BACKGROUND_SWITCH}`];
  if (process.platform !== 'linux') {
    app.setLoginItemSettings({ openAtLogin: wanted, path: program, args: all });
    return DONE;
  }
  return setAutostart(path.join(app.getPath('appData'), 'autostart'), wanted, { program, args: all });
}

/**
 * The entry that desktops on Linux look at (XDG Desktop Application Autostart Specification).
 * @param folder `autostart` in the folder of the user's configuration
 */
export function setAutostart(folder: string, wanted: boolean, command: OwnCommand): Result<void> {
  const file = path.join(folder, 'headwater.desktop');
  try {
    if (!wanted) {
      fs.rmSync(file, { force: true });
      return DONE;
    }
    const entry = desktopEntry(command);
    if (readIfThere(file) === entry) return DONE;
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(file, entry);
    return DONE;
  } catch (error) {
    return failureFromSystem(
      error,
      `Starting at login could not be ${wanted ? 'set up' : 'ended'} ('${file}')`,
    );
  }
}

/** In a checkout Electron is told what to run; an AppImage is run by its own file, not by what it unpacks. */
function ownCommand(): OwnCommand {
  const packed = process.env['APPIMAGE'] ?? process.execPath;
  if (app.isPackaged) return { program: packed, args: [] };
  return {
    program: process.execPath,
    args: process.argv.slice(1).filter((argument) => argument !== `--${BACKGROUND_SWITCH}`),
  };
}

function readIfThere(file: string): string | null {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : null;
}

function desktopEntry({ program, args }: OwnCommand): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Headwater',
    `Exec=${[program, ...args].map(quoted).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** Quoting of the Desktop Entry Specification, "The Exec key"; a percent sign would begin a field code. */
function quoted(word: string): string {
  const escaped = word.replaceAll(/["`$\\]/g, (letter) => `\\${letter}`).replaceAll('%', '%%');
  // Once more, as every value of type string is unescaped before.
  return `"${escaped.replaceAll('\\', '\\\\')}"`;
}
