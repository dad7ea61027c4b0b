import { once } from 'node:events';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Children } from '../workshop/children.ts';

/** What a program with windows needs to show them. */
export interface Display {
  readonly environment: Record<string, string>;
  close(): Promise<void>;
}

/** A display of its own on Linux, so that windows do not pop up where somebody works; elsewhere the one there is. */
export async function openDisplay(children: Children): Promise<Result<Display>> {
  if (process.platform !== 'linux') return ok({ environment: {}, close: async () => undefined });
  const server = children.start('Xvfb', [
    '-displayfd',
    '1',
    '-screen',
    '0',
    '1600x1200x24',
    '-nolisten',
    'tcp',
  ]);
  const number = await Promise.race([
    once(server.stdout, 'data').then(([text]: unknown[]) => String(text).trim()),
    once(server, 'close').then(() => null),
    once(server, 'error').then(() => null),
  ]);
  if (number === null) return err('not-found', 'Xvfb cannot be started (Debian: xvfb)');
  return ok({
    // No desktop to talk to, and no complaints about that.
    environment: {
      DISPLAY: `:${number}`,
      DBUS_SESSION_BUS_ADDRESS: 'disabled:',
      DBUS_SYSTEM_BUS_ADDRESS: 'disabled:',
    },
    close: () => children.kill(server),
  });
}
