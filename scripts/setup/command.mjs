// Runs a program as part of a step: its lines go to the step's log and to whoever shows progress.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { remedyFor, SetupProblem } from './problem.mjs';

const KEPT_LINES = 30;
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const running = new Set();

/** Programs get this long to end after they were told to. */
const PATIENCE_MS = 3000;

// A set-up that is told to stop takes the programs it started along, and is gone when they are.
async function stopAll(signal) {
  const ends = [...running].map((child) => once(child, 'exit'));
  for (const child of running) child.kill(signal);
  await Promise.race([Promise.all(ends), setTimeout(PATIENCE_MS)]);
  process.exit(EXIT_CODES[signal]);
}

function started(child) {
  if (running.size === 0) for (const signal of Object.keys(EXIT_CODES)) process.on(signal, stopAll);
  running.add(child);
}

function ended(child) {
  running.delete(child);
  if (running.size === 0) for (const signal of Object.keys(EXIT_CODES)) process.off(signal, stopAll);
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {object} options
 * @param {(line: string) => void} options.onLine
 * @param {string} options.remedy what to do when it fails and nothing better is known
 * @param {Record<string, string>} [options.env] added to this process's environment
 * @param {string} [options.cwd]
 * @returns {Promise<string[]>} the last lines it printed
 */
export function runCommand(program, args, { onLine, remedy, env, cwd }) {
  return new Promise((resolve, reject) => {
    const lines = [];
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started(child);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (lines.length > KEPT_LINES) lines.shift();
        onLine(line);
      });
    }
    child.on('error', (error) => {
      ended(child);
      const missing = error.code === 'ENOENT';
      reject(new SetupProblem(missing ? `${program} is not installed` : error.message, remedy));
    });
    child.on('close', (code, signal) => {
      ended(child);
      if (code === 0) return resolve(lines);
      const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
      const what = [program, ...args.slice(0, 1)].map((part) => basename(part)).join(' ');
      reject(new SetupProblem(`${what} ${how}`, remedyFor(lines, remedy), lines));
    });
  });
}
