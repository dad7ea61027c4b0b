import type { Messages } from '../i18n/en.ts';

export type ConsolePart = 'screen' | 'serial';

export interface InputState {
  readonly part: ConsolePart;
  readonly hasPicture: boolean;
  /** Keys go to the machine. */
  readonly focused: boolean;
  /** A click captures the mouse. */
  readonly capturable: boolean;
  /** The mouse goes to the machine. */
  readonly captured: boolean;
}

/** How the keys that give keyboard and mouse back are written. */
export function releaseChordName(names: Messages['console']['keyNames']): string {
  return `${names.Ctrl}+${names.Alt}+G`;
}

/** Where keys and mouse go, and how they come back. */
export function inputHint(state: InputState, words: Messages['console']): string {
  const { hint, keyNames } = words;
  const release = releaseChordName(keyNames);
  if (state.part === 'serial') return hint.serial(release);
  if (!state.hasPicture) return '';
  if (state.captured) return hint.captured(release);
  if (!state.focused) return hint.away;
  return state.capturable ? hint.focusedCapturable(release) : hint.focused(release);
}
