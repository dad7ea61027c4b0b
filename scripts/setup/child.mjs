// Runs a program in the foreground, in place of this process as far as anybody outside can tell.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Gives the program the terminal, passes signals on to it, and resolves with its exit code (128 + n when signal n ended
 * it, as a shell would say).
 */
export function runInForeground(program, args, { cwd, stdin = 'inherit', env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      stdio: [stdin, 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    });
    const passOn = (signal) => {
      // Ctrl-C in a terminal goes to every program in the foreground, so the child has it already.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
    for (const signal of signals) process.on(signal, passOn);
    const finish = () => signals.forEach((signal) => process.off(signal, passOn));
    child.on('error', (error) => {
      finish();
      reject(error);
    });
    child.on('close', (code, signal) => {
      finish();
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
