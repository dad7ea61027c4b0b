import { hostPortName } from '../../../shared/port-forward.ts';
import { err, type Err } from '../../../shared/result.ts';

const FORWARDING = /Could not set up host forwarding rule '(tcp|udp):[^:]*:(\d+)-/;

/** Why a QEMU that ended at once did not start a machine. @param said the end of its log; `text`, how it ended */
export function whyNotStarted(name: string, said: string, text: string): Err {
  const [, protocol, port] = FORWARDING.exec(said) ?? [];
  if (protocol === 'tcp' || protocol === 'udp') {
    const taken = hostPortName({ protocol, hostPort: Number(port) });
    return err(
      'busy',
      `${name} could not be started: another program uses ${taken} of this computer; forward another one to it`,
      { words: ['port-in-use', name, taken] },
    );
  }
  return err('unsupported', `${name} could not be started: QEMU ${text}`, {
    words: ['qemu-not-started', name, text],
  });
}
