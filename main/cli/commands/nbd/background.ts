/** `--fork`: the server goes on in a process of its own, and whoever started it hears when clients can connect. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import type { Terminal } from '../../terminal.ts';

/** Names the descriptor on which the server tells how its start went. */
const VARIABLE = 'HEADWATER_NBD_STARTER';
const DESCRIPTOR = 3;
const READY = 'ready';

/** Starts this command again, away from the terminal, and waits until it serves. @returns the exit code */
export function goOnInBackground(terminal: Terminal): Promise<number> {
  const [, script = '', ...args] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    env: { ...process.env, [VARIABLE]: String(DESCRIPTOR) },
  });
  return new Promise((resolve) => {
    let told = '';
    child.stdio[DESCRIPTOR]?.on('data', (chunk: Buffer) => (told += chunk.toString()));
    child.stdio[DESCRIPTOR]?.on('close', () => {
      if (told !== READY) terminal.err(told === '' ? 'headwater nbd: the server did not start\n' : told);
      child.unref();
      resolve(told === READY ? 0 : 1);
    });
    child.on('error', ({ message }) => {
      terminal.err(`headwater nbd: ${message}\n`);
      resolve(1);
    });
  });
}

/** Who waits for this server to start; null where it was started in the foreground. */
export interface Starter {
  /** Clients can connect. */
  ready(): void;
  failed(text: string): void;
}

export function starterOf(env: NodeJS.ProcessEnv): Starter | null {
  if (env[VARIABLE] !== String(DESCRIPTOR)) return null;
  let isOpen = true;
  const tell = (text: string) => {
    if (!isOpen) return;
    isOpen = false;
    fs.writeSync(DESCRIPTOR, text);
    fs.closeSync(DESCRIPTOR);
  };
  return { ready: () => tell(READY), failed: tell };
}
