import { expect } from 'vitest';
import type { SerialConsole } from '../../main/machines/expect.ts';
import { unwrap } from '../../shared/result.ts';

/** Has the guest's shell run a command that must end well. @returns what it printed */
export async function inGuest(console: SerialConsole, command: string): Promise<string> {
  const { output, status } = unwrap(await console.run(command));
  expect(status, output).toBe(0);
  return output;
}
