import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bootProfileSchema, stretchesOf } from '../../../../shared/boot-profile.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { err, ok, type Result } from '../../../../shared/result.ts';
import type { Range } from '../../../block/range.ts';
import { findPublished } from '../../../storage/chain/master-description.ts';
import { MOST_PROFILE_BYTES } from '../../../storage/chain/published-boot.ts';
import { isRemote } from '../../../storage/chain/location.ts';
import { readJsonFile } from '../../arguments/json-file.ts';
import { command, type NamedOption } from '../../arguments/command.ts';
import type { Given } from '../../arguments/given.ts';
import { formatBytes } from '../../display/quantities.ts';
import { StatusLine } from '../../display/status-line.ts';
import { EXIT, type Terminal } from '../../terminal.ts';
import { BootPublishing, type BootedMaster } from './boot-publishing.ts';
import { BootRecording } from './boot-recording.ts';
import {
  MACHINE_OPTIONS,
  parseMachine,
  recordingMachine,
  type MachineArguments,
} from './recording-machine.ts';

const HELP = `usage: headwater master record-boot [OPTIONS] DIR

Boots a published master until its login prompt is there and its disk is quiet, and
publishes what the boot read beside it: boot.json, the ranges in order, and boot.pack,
their content in one compressed piece. Whoever starts the master elsewhere fetches that
first. Nothing is written to the master's disk.

With --state the machine is saved when it has booted, and published with the disk it has
then: a second master, which holds what its guest wrote, in a folder beside the first. A
machine made from that goes on at the login prompt. Publish the second one instead of the
first, with the memory that was given here.

      --backend NAME     boot it in v86 (built in, the default) or in qemu: masters for 64
                         bits, and whatever v86 cannot run
      --arch NAME        i386, x86_64 or aarch64, in qemu (default x86_64)
      --bus NAME         what the guest finds its disk at in qemu: virtio (default) or ide
  -m, --memory MIB       memory of the machine that boots (default 256; in qemu 512)
      --state            save the machine, and publish that as well (v86 only)
      --until TEXT       what the guest's serial port says when it has booted
                         (default 'login: '; without it, 3 min without a read count)
      --profile FILE     take the ranges from this boot.json, and boot nothing
  -q, --quiet            print nothing but errors
      --json             print the result as JSON
  -h, --help             this text
`;

const OPTIONS = [
  ...MACHINE_OPTIONS,
  { long: 'state', argument: 'none' },
  { long: 'until', argument: 'required' },
  { long: 'profile', argument: 'required' },
  { short: 'q', long: 'quiet', argument: 'none' },
  { long: 'json', argument: 'none' },
] as const satisfies readonly NamedOption[];
type OptionName = (typeof OPTIONS)[number]['long'];

interface RecordArguments {
  readonly folder: string;
  readonly machine: MachineArguments;
  readonly until: string;
  readonly profile: string | null;
  readonly state: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
}

/** `headwater master record-boot DIR`. */
export const recordBootCommand = command<OptionName, RecordArguments>({
  name: 'master record-boot',
  help: HELP,
  options: OPTIONS,
  parse,
  async run(wanted, terminal) {
    const line = new StatusLine(terminal, systemClock);
    const recorded = await recordAndPublish(wanted, terminal, line);
    line.finish();
    if (!recorded.ok) return recorded;
    report(wanted, recorded.value, terminal);
    return ok(EXIT.done);
  },
});

function parse(given: Given<OptionName>): Result<RecordArguments> {
  const [folder, ...more] = given.operands;
  if (folder === undefined || more.length > 0 || isRemote(folder)) {
    return err('invalid-argument', 'give the folder of one published master (see --help)');
  }
  const machine = parseMachine(given);
  if (!machine.ok) return machine;
  const until = given.value('until') ?? 'login: ';
  if (until === '') return err('invalid-argument', '--until takes the text of a prompt');
  const profile = given.value('profile') ?? null;
  const state = given.has('state');
  if (state && profile !== null) {
    return err('invalid-argument', '--state needs a boot; it cannot be had with --profile');
  }
  if (state && machine.value.backEnd !== 'v86') {
    return err('invalid-argument', '--state saves a machine in v86; machines in qemu cannot be saved');
  }
  if (state && path.basename(path.dirname(path.resolve(folder))) !== 'masters') {
    return err('invalid-argument', '--state publishes a second master: give a folder …/masters/SHA256');
  }
  return ok({
    folder: path.resolve(folder),
    machine: machine.value,
    until,
    profile,
    state,
    quiet: given.has('quiet'),
    json: given.has('json'),
  });
}

async function recordAndPublish(
  options: RecordArguments,
  terminal: Terminal,
  line: StatusLine,
): Promise<Result<BootedMaster>> {
  // Heard from now on, so that the machine is ended properly whenever the user interrupts.
  const { interrupted } = terminal;
  const say = (text: string) => {
    if (!options.quiet && !options.json) line.show(text);
  };
  const publishing = new BootPublishing(options.folder, { signal: interrupted, say });
  if (options.profile !== null) {
    const ranges = readProfile(options.profile);
    return ranges.ok ? publishing.publish({ ranges: ranges.value, saved: null }) : ranges;
  }
  const published = await findPublished(options.folder, systemClock);
  if (!published.ok) return published;
  const machine = await recordingMachine(options.machine);
  if (!machine.ok) return machine;
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'headwater-record-'));
  try {
    const recording = new BootRecording({
      ...options,
      machine: machine.value,
      save: options.state,
      scratch,
      say,
    });
    const recorded = await recording.run(published.value, interrupted);
    return recorded.ok ? await publishing.publish(recorded.value) : recorded;
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

function readProfile(file: string): Result<readonly Range[]> {
  const content = readJsonFile(file, MOST_PROFILE_BYTES);
  if (!content.ok) return content;
  const parsed = bootProfileSchema.safeParse(content.value);
  return parsed.success ? ok(stretchesOf(parsed.data)) : err('malformed', `'${file}' is not a boot profile`);
}

function report(
  { json, quiet }: RecordArguments,
  { folder, master }: BootedMaster,
  terminal: Terminal,
): void {
  if (json) {
    terminal.out(`${JSON.stringify({ folder, master }, null, 2)}\n`);
    return;
  }
  const { bootPack, state } = master;
  if (quiet || bootPack === undefined) return;
  const [content, packed] = [bootPack.uncompressedBytes, bootPack.lengthBytes].map(formatBytes);
  terminal.out(`the boot reads ${content ?? ''}; its pack is ${packed ?? ''}\n`);
  if (state === undefined) return;
  terminal.out(
    `published the machine after its boot, with its disk, to '${folder}': ` +
      `it starts at once after ${formatBytes(state.lengthBytes)}, with ${state.memoryMiB} MiB of memory\n`,
  );
}
