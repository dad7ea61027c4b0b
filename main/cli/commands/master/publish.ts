import path from 'node:path';
import { systemClock } from '../../../../shared/clock.ts';
import { err, ok, type Result } from '../../../../shared/result.ts';
import type { PublishedFolder } from '../../../masters/publish/publish-master.ts';
import { runMasterTask } from '../../../masters/publish/master-tasks.ts';
import { followChain } from '../../../storage/chain/follow.ts';
import { IMAGE_FORMATS, type ImageFormat } from '../../../storage/chain/location.ts';
import { openChain } from '../../../storage/chain/open.ts';
import { command, type NamedOption } from '../../arguments/command.ts';
import type { Given } from '../../arguments/given.ts';
import { formatBytes } from '../../display/quantities.ts';
import { StatusLine } from '../../display/status-line.ts';
import { TaskProgress } from '../../display/task-progress.ts';
import { EXIT, type Terminal } from '../../terminal.ts';

const HELP = `usage: headwater master publish [OPTIONS] DISK --out DIR

Copies a disk to DIR/masters/SHA256/ and writes chunks.bin and master.json beside it: all
that a web server needs to have for others to stream from it, each byte verified. The same
disk gives the same files. After Ctrl-C, a crash or a power cut run it again: what was
copied is not written again.

  -o, --out DIR          the folder to be served
  -f, --format FORMAT    raw or qed (default: qed where the name ends so, else raw)
  -q, --quiet            print nothing but errors
      --json             print the result as JSON
  -h, --help             this text
`;

const OPTIONS = [
  { short: 'o', long: 'out', argument: 'required' },
  { short: 'f', long: 'format', argument: 'required' },
  { short: 'q', long: 'quiet', argument: 'none' },
  { long: 'json', argument: 'none' },
] as const satisfies readonly NamedOption[];
type OptionName = (typeof OPTIONS)[number]['long'];

interface PublishArguments {
  readonly disk: string;
  readonly out: string;
  readonly format: ImageFormat;
  readonly quiet: boolean;
  readonly json: boolean;
}

/** `headwater master publish DISK --out DIR`. */
export const publishCommand = command<OptionName, PublishArguments>({
  name: 'master publish',
  help: HELP,
  options: OPTIONS,
  parse,
  async run(wanted, terminal) {
    const published = await publish(wanted, terminal);
    if (!published.ok) return published;
    report(wanted, published.value, terminal);
    return ok(EXIT.done);
  },
});

function parse(given: Given<OptionName>): Result<PublishArguments> {
  const [disk, ...more] = given.operands;
  if (disk === undefined || more.length > 0)
    return err('invalid-argument', 'give one disk to publish (see --help)');
  const out = given.value('out');
  if (out === undefined || out === '')
    return err('invalid-argument', 'give the folder to publish to with --out');
  const wanted = given.value('format') ?? (disk.endsWith('.qed') ? 'qed' : 'raw');
  const format = IMAGE_FORMATS.find((name) => name === wanted);
  if (format === undefined)
    return err('invalid-argument', `--format takes one of ${IMAGE_FORMATS.join(', ')}`);
  return ok({
    disk,
    out: path.resolve(out),
    format,
    quiet: given.has('quiet'),
    json: given.has('json'),
  });
}

async function publish(
  { disk, out, format, quiet, json }: PublishArguments,
  terminal: Terminal,
): Promise<Result<PublishedFolder>> {
  // Heard from now on, so that the files are closed properly whenever the user interrupts.
  const { interrupted } = terminal;
  const source = await followChain(disk, format, systemClock);
  if (!source.ok) return source;
  const length = await lengthOf(source.value);
  if (!length.ok) return length;
  const line = new StatusLine(terminal, systemClock);
  const progress = new TaskProgress(systemClock, length.value);
  const published = await runMasterTask(
    'publish',
    { source: source.value, out },
    {
      signal: interrupted,
      onProgress: (fraction) => {
        if (!quiet && !json) line.show(progress.describe(fraction));
      },
    },
  );
  if (published.ok && !quiet && !json) line.show(progress.describe(1));
  line.finish();
  return published;
}

async function lengthOf(chain: Parameters<typeof openChain>[0]): Promise<Result<number>> {
  const opened = await openChain(chain, { clock: systemClock, readOnly: true });
  if (!opened.ok) return opened;
  const { lengthBytes } = opened.value;
  await opened.value.close();
  return ok(lengthBytes);
}

function report({ quiet, json }: PublishArguments, published: PublishedFolder, terminal: Terminal): void {
  const { folder, description, existed } = published;
  if (json) {
    terminal.out(`${JSON.stringify({ folder, existed, master: description }, null, 2)}\n`);
    return;
  }
  if (quiet) return;
  const size = formatBytes(description.lengthBytes);
  terminal.out(
    existed ? `'${folder}' has this disk (${size}) already\n` : `published ${size} to '${folder}'\n`,
  );
}
