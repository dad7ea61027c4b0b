import { interpret } from './interpreter.ts';
import { LineReader } from './line-reader.ts';
import type { IoSession } from './io-session.ts';

/** QEMU's, because scripts cut it out of the output; printed wherever the commands come from. */
const PROMPT = 'qemu-io> ';

/** Runs commands until one says to stop; false when any of them failed. */
export async function runCommands(session: IoSession, commands: readonly string[]): Promise<boolean> {
  let succeeded = true;
  for (const command of commands) {
    if (session.over) break;
    succeeded = (await unlessInterrupted(session, interpret(session, command))) && succeeded;
  }
  return succeeded;
}

/** As {@link runCommands}, with commands from standard input until it ends. */
export async function runLines(session: IoSession): Promise<boolean> {
  const { terminal, aio } = session;
  const lines = new LineReader(terminal.stdin);
  let succeeded = true;
  while (!session.over) {
    session.out(PROMPT);
    const line = await aio.reportDuring(lines.next(terminal.interrupted));
    if (line === null) break;
    succeeded = (await unlessInterrupted(session, interpret(session, line))) && succeeded;
  }
  return succeeded;
}

/** Gives up waiting for a command when the user does, who may have asked a server that never answers. */
async function unlessInterrupted(session: IoSession, running: Promise<boolean>): Promise<boolean> {
  const signal = session.terminal.interrupted;
  let stop = () => {};
  const interrupted = new Promise<boolean>((resolve) => {
    stop = () => {
      session.quit();
      resolve(false);
    };
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([running, interrupted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
