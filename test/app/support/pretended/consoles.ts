/** Consoles of machines without guests: the picture is a test card, the serial port has said a few lines. */
import { Framebuffer } from '../../../../main/rfb/framebuffer.ts';
import { portChannel } from '../../../../main/rfb/port-channel.ts';
import { RfbServer } from '../../../../main/rfb/server.ts';
import type { ConsoleBroker } from '../../../../main/machines/consoles/connection.ts';
import { MachineConsoles } from '../../../../main/machines/consoles/machine-consoles.ts';
import { DONE, err, ok } from '../../../../shared/result.ts';
import { FakeMachine } from '../../../support/fake-machine.ts';

const SERIAL_TEXT =
  'Tiny Linux, kernel 6.1, on /dev/ttyS0\r\nLog in as root; there is no password.\r\n\r\ntiny login: ';

export function pretendedConsoles(machineIds: readonly string[]): ConsoleBroker {
  const machines = new Map(machineIds.map((id) => [id, machineWithTestCard()]));
  const consoles = new MachineConsoles({
    running: (id) => machines.get(id) ?? null,
    on: (event: string, listen: (started: { id: string; machine: FakeMachine }) => void) => {
      if (event === 'started') machines.forEach((machine, id) => listen({ id, machine }));
    },
  });
  machines.forEach((machine) => machine.say(SERIAL_TEXT));
  return consoles;
}

function machineWithTestCard(): FakeMachine {
  const machine = new FakeMachine();
  const server = new RfbServer({
    framebuffer: testCard(),
    name: 'test card',
    input: { onKey: () => undefined, onPointer: () => undefined },
    pointer: () => 'absolute',
    onWatched: () => undefined,
  });
  const notHere = async () => err('unsupported', 'This machine has only a test card');
  machine.screen = {
    attach: (port) => {
      server.attach(portChannel(port));
      return DONE;
    },
    type: async () => ok({ left: 0 }),
    screenshot: notHere,
    text: notHere,
  };
  return machine;
}

function testCard(): Framebuffer {
  const card = new Framebuffer();
  card.resize(720, 400);
  card.pixels.forEach((_, at) => {
    const bar = Math.floor(((at % 720) * 8) / 720);
    card.pixels[at] =
      0xff000000 | (bar & 4 ? 0xaa0000 : 0) | (bar & 2 ? 0x00aa00 : 0) | (bar & 1 ? 0x0000aa : 0);
  });
  return card;
}
