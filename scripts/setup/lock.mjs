// One set-up at a time in a checkout. The lock is the kernel's (flock), held by a small child that ends when this
// process does, however it ends: there is no such thing as a stale lock file.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TAKEN = 75;

/**
 * Runs `work` while holding the lock, waiting for it first when another set-up has it.
 *
 * @param {string} folder where the lock file lies
 * @param {(message: string) => void} say
 * @param {() => Promise<T>} work
 * @template T
 */
export async function withLock(folder, say, work) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'setup.lock');
  let release = await take(file, ['--nonblock']);
  if (!release) {
    say(`another set-up is at work in this checkout${holder(file)}; waiting for it to finish`);
    release = await take(file, []);
  }
  writeFileSync(file, `${process.pid}\n`);
  try {
    return await work();
  } finally {
    release?.();
  }
}

/** Resolves with a function that gives the lock back, or with undefined when somebody else has it. */
function take(file, options) {
  return new Promise((resolve, reject) => {
    const holding = ['sh', '-c', 'echo held; exec cat'];
    const child = spawn('flock', [...options, '--conflict-exit-code', String(TAKEN), file, ...holding], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true, // Ctrl-C is for this process; the child follows when its input closes
    });
    child.on('error', (error) => {
      // Without util-linux there is nothing to lock with; one set-up at a time is then up to the user.
      if (error.code === 'ENOENT') resolve(() => {});
      else reject(error);
    });
    child.on('exit', (code) =>
      code === TAKEN ? resolve(undefined) : reject(new Error(`cannot lock ${file}`)),
    );
    child.stdout.once('data', () => resolve(() => child.stdin.end()));
  });
}

function holder(file) {
  try {
    return ` (process ${Number(readFileSync(file, 'utf8'))})`;
  } catch {
    return '';
  }
}
