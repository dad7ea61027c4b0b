// Displays of their own for programs with windows, so that none pops up where somebody works and each has the focus.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const SCREEN = '1920x1200x24';

/** @returns {Promise<{ names: string[], close: () => void }>} their names are what `DISPLAY` is set to */
export async function openDisplays(count) {
  const displays = await Promise.all(Array.from({ length: count }, openDisplay));
  return {
    names: displays.map(({ name }) => name),
    close: () => displays.forEach(({ server }) => server.kill()),
  };
}

async function openDisplay() {
  const server = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', SCREEN, '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // It says its number when it is ready.
  const [number] = await Promise.race([
    once(server.stdout, 'data'),
    once(server, 'exit').then(([code]) => {
      throw new Error(`Xvfb ended with ${code} (Debian: xvfb)`);
    }),
  ]);
  return { server, name: `:${String(number).trim()}` };
}
