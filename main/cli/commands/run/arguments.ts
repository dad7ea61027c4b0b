import type { BackEndChoice } from '../../../../shared/hardware.ts';
import { checkForwards, parseForward, type PortForward } from '../../../../shared/port-forward.ts';
import { because, err, ok, type Result } from '../../../../shared/result.ts';
import { parseLinkSpec, type LinkShape } from '../../../serve/link-spec.ts';
import { memoryOption } from '../../arguments/memory.ts';
import type { CommandLine, NamedOption } from '../../arguments/command.ts';
import type { Given } from '../../arguments/given.ts';

export interface RunArguments {
  /** An appliance's id or name, or where a published master lies. */
  readonly appliance: string;
  /** The overlay to use; null for the user's own of that appliance. */
  readonly overlay: string | null;
  readonly fresh: boolean;
  /** It boots, also where it could go on from what is published with its master. */
  readonly boot: boolean;
  readonly memoryMiB: number | null;
  readonly stream: 'image' | 'off';
  /** The simulated line to the master; null to take the master from the local file. */
  readonly link: LinkShape | null;
  /** Where programs written for QEMU may watch and control the machine. */
  readonly qmpSocket: string | null;
  readonly backEnd: BackEndChoice;
  /** Ports of this computer that lead to the guest, in QEMU. */
  readonly forwards: readonly PortForward[];
  /** False: QEMU's own translator, also where the computer offers more. */
  readonly accelerate: boolean;
}

const HELP = `usage: headwater run [OPTIONS] APPLIANCE|MASTER

Starts an appliance in this terminal, at once: its overlay takes from the master what
the guest reads, and the rest streams in behind. The overlay is kept; the next run goes
on with it. Leave with Ctrl-] q; Ctrl-] h lists the other keys.

APPLIANCE was built here (see 'headwater appliances build'), or is in the catalog of the
desktop app, by its id or name; while the app runs that cannot be looked up. MASTER is the
master.json of a published master, an address or a path: every byte is verified by it.
Where it is published with a saved machine, the first run goes on from that, at the prompt.

  -d, --disk FILE        overlay to use (default: your own of this appliance)
      --boot             boot, though there is a saved machine to go on from
      --fresh            start over: set the present overlay aside as FILE.old
  -m, --memory MIB       memory of the machine
      --stream on|off    off: fetch only what the guest reads
      --link SPEC        reach a master of this computer through a simulated line, such as
                         20mbit,30ms
      --backend NAME     v86 (built in) or qemu (where it is installed); default: v86 where
                         it can, qemu for the rest, such as 64-bit guests
      --accel on|off     off: have QEMU emulate the processor in any case
      --forward SPEC     tcp:2222:22 leads port 2222 of this computer to port 22 of the guest
                         (qemu only; may be given more than once; also udp)
      --qmp SOCKET       let programs that speak QMP control the machine (docs/qmp.md)
  -h, --help             this text
`;

const OPTIONS = [
  { short: 'd', long: 'disk', argument: 'required' },
  { long: 'boot', argument: 'none' },
  { long: 'fresh', argument: 'none' },
  { short: 'm', long: 'memory', argument: 'required' },
  { long: 'stream', argument: 'required' },
  { long: 'link', argument: 'required' },
  { long: 'backend', argument: 'required' },
  { long: 'accel', argument: 'required' },
  { long: 'forward', argument: 'required' },
  { long: 'qmp', argument: 'required' },
] as const satisfies readonly NamedOption[];
type OptionName = (typeof OPTIONS)[number]['long'];

function parse(given: Given<OptionName>): Result<RunArguments> {
  const [appliance, ...more] = given.operands;
  if (appliance === undefined || more.length > 0) {
    return err('invalid-argument', 'give one appliance to run (see --help)');
  }
  const memory = given.value('memory');
  const memoryMiB = memory === undefined ? ok(null) : memoryOption(memory);
  if (!memoryMiB.ok) return memoryMiB;
  const stream = given.value('stream') ?? 'on';
  if (stream !== 'on' && stream !== 'off') return err('invalid-argument', '--stream takes on or off');
  const link = parseLinkSpec(given.value('link') ?? 'off');
  if (!link.ok) return link;
  const backEnd = given.value('backend') ?? 'automatic';
  if (backEnd !== 'automatic' && backEnd !== 'v86' && backEnd !== 'qemu') {
    return err('invalid-argument', '--backend takes v86 or qemu');
  }
  const accelerate = given.value('accel') ?? 'on';
  if (accelerate !== 'on' && accelerate !== 'off') return err('invalid-argument', '--accel takes on or off');
  const forwards = forwardOptions(given.all('forward'));
  if (!forwards.ok) return forwards;
  return ok({
    appliance,
    overlay: given.value('disk') ?? null,
    fresh: given.has('fresh'),
    boot: given.has('boot'),
    memoryMiB: memoryMiB.value,
    stream: stream === 'on' ? 'image' : 'off',
    link: link.value,
    qmpSocket: given.value('qmp') ?? null,
    backEnd,
    forwards: forwards.value,
    accelerate: accelerate === 'on',
  });
}

function forwardOptions(texts: readonly string[]): Result<readonly PortForward[]> {
  const forwards: PortForward[] = [];
  for (const text of texts) {
    const forward = parseForward(text);
    if (!forward.ok) return because('--forward', forward);
    forwards.push(forward.value);
  }
  const checked = checkForwards(forwards);
  return checked.ok ? checked : because('--forward', checked);
}

export const RUN: CommandLine<OptionName, RunArguments> = {
  name: 'run',
  help: HELP,
  options: OPTIONS,
  parse,
};
