import type { MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { DONE, err, unwrap, type Failure, type Result } from '../../../shared/result.ts';
import { FakeMachine } from '../../../test/support/fake-machine.ts';
import type { ConsoleConnection } from './connection.ts';
import { MachineConsoles } from './machine-consoles.ts';

let attached: MessagePort[] = [];

afterEach(() => {
  for (const port of attached) port.close();
  attached = [];
});

/** A machine whose screen hands its port to the test. */
function machineWithScreen(answer: Result<void> = DONE): FakeMachine {
  const machine = new FakeMachine();
  machine.screen = {
    attach: (port) => {
      attached.push(port);
      return answer;
    },
    screenshot: async () => err('unsupported', 'not here'),
    text: async () => err('unsupported', 'not here'),
    type: async () => err('unsupported', 'not here'),
  };
  return machine;
}

const consolesOf = (machine: FakeMachine | null) => new MachineConsoles(() => machine);

function heardBy(connection: ConsoleConnection) {
  const heard: (number[] | Failure | null)[] = [];
  let next: () => void = () => undefined;
  const note = (news: number[] | Failure | null) => {
    heard.push(news);
    next();
  };
  connection.onBytes((bytes) => note([...bytes]));
  connection.onClose(note);
  return { heard, more: () => new Promise<void>((resolve) => (next = resolve)) };
}

const nextMessage = (port: MessagePort | undefined) =>
  new Promise((resolve) => port?.once('message', resolve));

describe('the consoles of machines', () => {
  it('carry bytes both ways, and why the machine ended the connection', async () => {
    const connection = unwrap(await consolesOf(machineWithScreen()).open('a'));
    const { heard, more } = heardBy(connection);
    const [port] = attached;
    const typed = nextMessage(port);
    connection.send(Uint8Array.of(1, 2));
    expect(await typed).toEqual(Uint8Array.of(1, 2));
    port?.postMessage(Uint8Array.of(3));
    await more();
    port?.postMessage({ closed: 'too many windows' });
    await more();
    expect(heard).toEqual([[3], { code: 'closed', message: 'too many windows' }]);
  });

  it('end without a reason when the machine goes away', async () => {
    const { heard, more } = heardBy(unwrap(await consolesOf(machineWithScreen()).open('a')));
    attached[0]?.close();
    await more();
    expect(heard).toEqual([null]);
  });

  it('tell the machine that a window is gone, and the window nothing', async () => {
    const connection = unwrap(await consolesOf(machineWithScreen()).open('a'));
    const { heard } = heardBy(connection);
    const gone = new Promise((resolve) => attached[0]?.on('close', () => resolve('gone')));
    attached[0]?.start();
    connection.close();
    connection.close();
    expect(await gone).toBe('gone');
    expect(heard).toEqual([]);
  });

  it('are refused by a machine that is off, starting, or without a screen', async () => {
    expect(await consolesOf(null).open('a')).toMatchObject({ failure: { code: 'closed' } });
    const machine = machineWithScreen();
    machine.state = { kind: 'starting' };
    expect(await consolesOf(machine).open('a')).toMatchObject({ failure: { code: 'closed' } });
    expect(await consolesOf(new FakeMachine()).open('a')).toMatchObject({ failure: { code: 'unsupported' } });
    const refusing = machineWithScreen(err('invalid-argument', 'not now'));
    expect(await consolesOf(refusing).open('a')).toMatchObject({ failure: { message: 'not now' } });
  });
});
