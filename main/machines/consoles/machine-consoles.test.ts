import type { MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { DONE, err, unwrap, type Failure, type Result } from '../../../shared/result.ts';
import { FakeMachine } from '../../../test/support/fake-machine.ts';
import type { ScreenConnection } from './connection.ts';
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

type Listener = (event: { readonly id: string; readonly machine: FakeMachine }) => void;

/** The consoles of one machine, which can be switched on, off, and removed. */
function consolesOf(machine: FakeMachine | null) {
  const listeners: Record<string, Listener> = {};
  let running = machine;
  const consoles = new MachineConsoles({
    running: () => running,
    on: (event: string, listener: unknown) => {
      listeners[event] = listener as Listener;
    },
  });
  const tell = (event: 'started' | 'removed') => machine && listeners[event]?.({ id: 'a', machine });
  const switchOff = () => (running = null);
  if (machine) tell('started');
  return { consoles, tell, switchOff };
}

function heardBy(connection: ScreenConnection) {
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
    const connection = unwrap(await consolesOf(machineWithScreen()).consoles.openScreen('a'));
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
    const { heard, more } = heardBy(unwrap(await consolesOf(machineWithScreen()).consoles.openScreen('a')));
    attached[0]?.close();
    await more();
    expect(heard).toEqual([null]);
  });

  it('tell the machine that a window is gone, and the window nothing', async () => {
    const connection = unwrap(await consolesOf(machineWithScreen()).consoles.openScreen('a'));
    const { heard } = heardBy(connection);
    const gone = new Promise((resolve) => attached[0]?.on('close', () => resolve('gone')));
    attached[0]?.start();
    connection.close();
    connection.close();
    expect(await gone).toBe('gone');
    expect(heard).toEqual([]);
  });

  it('are refused by a machine that is off, starting, or without a screen', async () => {
    expect(await consolesOf(null).consoles.openScreen('a')).toMatchObject({ failure: { code: 'closed' } });
    const machine = machineWithScreen();
    machine.state = { kind: 'starting' };
    expect(await consolesOf(machine).consoles.openScreen('a')).toMatchObject({ failure: { code: 'closed' } });
    expect(await consolesOf(new FakeMachine()).consoles.openScreen('a')).toMatchObject({
      failure: { code: 'unsupported' },
    });
    const refusing = machineWithScreen(err('invalid-argument', 'not now'));
    expect(await consolesOf(refusing).consoles.openScreen('a')).toMatchObject({
      failure: { message: 'not now' },
    });
  });

  it('type and take pictures while the machine is on', async () => {
    const machine = machineWithScreen();
    const { consoles, switchOff } = consolesOf(machine);
    expect(await consoles.type('a', 'x')).toMatchObject({ failure: { code: 'unsupported' } });
    expect(await consoles.screenshot('a')).toMatchObject({ failure: { code: 'unsupported' } });
    switchOff();
    expect(await consoles.type('a', 'x')).toMatchObject({ failure: { code: 'closed' } });
    expect(await consoles.screenshot('a')).toMatchObject({ failure: { code: 'closed' } });
  });
});

describe('the serial port of a machine', () => {
  const ignore = () => undefined;
  const printed = (consoles: MachineConsoles) =>
    Buffer.from(consoles.openSerial('a', ignore).read(1000)?.bytes ?? []).toString();

  it('tells what was printed before it was looked at, also when the machine is off', () => {
    const machine = new FakeMachine();
    const { consoles, switchOff } = consolesOf(machine);
    machine.say('booting\n');
    switchOff();
    expect(printed(consoles)).toBe('booting\n');
  });

  it('takes what is typed, while the machine is on', () => {
    const machine = new FakeMachine();
    const { consoles, switchOff } = consolesOf(machine);
    const serial = consoles.openSerial('a', ignore);
    serial.send(Buffer.from('ls\r'));
    switchOff();
    serial.send(Buffer.from('lost'));
    expect(machine.typed).toBe('ls\r');
  });

  it('goes on after the machine was off, without colours of before', () => {
    const machine = new FakeMachine();
    const { consoles, tell } = consolesOf(machine);
    machine.say('\x1b[31mred');
    tell('started');
    expect(printed(consoles)).toBe('\x1b[31mred\r\n\x1b[!p');
  });

  it('is forgotten with its machine', () => {
    const machine = new FakeMachine();
    const { consoles, tell } = consolesOf(machine);
    machine.say('x');
    tell('removed');
    expect(printed(consoles)).toBe('');
  });
});
