/** The product, whose machines a test may look at: what a guest has on its screen cannot be read from a window. */
import '../../../main/app/uncaught.ts';
import { openServices } from '../../../main/app/open-services.ts';
import { startApp } from '../../../main/app/start-app.ts';
import { MachineService } from '../../../main/machines/service/machine-service.ts';

/** What a test reaches with `app.evaluate`, as `globalThis.headwaterGuests`. */
export interface GuestHooks {
  /** The rows of text on the screen of a running machine, joined; empty while it is off or shows graphics. */
  screenText(machineId: string): Promise<string>;
  /** All that a machine printed on its serial port so far. */
  serialText(machineId: string): string;
  sendSerial(machineId: string, text: string): void;
}

declare global {
  var headwaterGuests: GuestHooks;
}

startApp(async (context) => {
  const opened = await openServices(context);
  if (!opened.ok) return opened;
  const { machines } = opened.value;
  if (!(machines instanceof MachineService)) throw new Error('the product has another service of machines');
  const printed = new Map<string, string>();
  const serialText = (id: string) => printed.get(id) ?? '';
  machines.on('started', ({ id, machine }) => {
    machine.on('serial', (bytes) => printed.set(id, serialText(id) + Buffer.from(bytes).toString()));
  });
  globalThis.headwaterGuests = {
    serialText,
    sendSerial: (id, text) => machines.running(id)?.sendSerial(text),
    screenText: async (id) => {
      const text = await machines.running(id)?.screen?.text();
      return text?.ok ? (text.value ?? []).join('\n') : '';
    },
  };
  return opened;
});
