import { systemClock } from '../../../../shared/clock.ts';
import { ok, type Result } from '../../../../shared/result.ts';
import { DeviceFile } from '../../../block/device-file.ts';
import type { BlockFile } from '../../../block/file.ts';
import { openRemoteSource } from '../../../block/open-remote-source.ts';
import { NodeFile } from '../../../block/node-file.ts';
import { rangeEnd } from '../../../block/range.ts';
import { checkQed, type CheckReport, type Finding, type Repair } from '../../../qed/check.ts';
import { isRemote, localPath } from '../../../storage/chain/location.ts';
import { openLocked } from '../../../storage/lock/locked-file.ts';
import { isCacheMode } from './cache-mode.ts';
import { checkJson, checkText, repairedText } from './check-text.ts';
import { openImage, withoutName } from './open-image.ts';
import { option, outputForm, OUTPUT_PROBLEM, type Subcommand, type Tool } from './tool.ts';

const OPTIONS = [
  option('format', '-f --format', 'required'),
  option('repair', '-r --repair', 'required'),
  option('output', '--output', 'required'),
  option('cache', '-T', 'required'),
  option('quiet', '-q'),
  option('share', '-U --force-share'),
] as const;

const EXIT = { clean: 0, failed: 1, corrupt: 2, leaks: 3, unsupported: 63 } as const;

/** `check [-q] [-f fmt] [--output=ofmt] [-r [leaks | all]] [-T src_cache] [-U] filename` */
export const check: Subcommand = async (args, tool) => {
  const given = tool.read(args, OPTIONS);
  if (typeof given === 'number') return given;
  const form = outputForm(given.value('output'));
  const repair = given.value('repair') ?? 'none';
  if (repair !== 'none' && repair !== 'leaks' && repair !== 'all') {
    return tool.misuse(`Unknown option value for -r (expecting 'leaks' or 'all'): ${repair}`);
  }
  const [name, surplus] = given.operands;
  if (name === undefined || surplus !== undefined) return tool.misuse('Expecting one image file name');
  if (form === null) return tool.fail(OUTPUT_PROBLEM);
  if (!isCacheMode(given.value('cache'))) {
    return tool.fail(`Invalid source cache option: ${given.value('cache') ?? ''}`);
  }
  // Opening says whether this is an image at all, before anything is locked or repaired.
  const opened = await openImage(
    name,
    { format: given.value('format'), readOnly: true, backing: false },
    tool,
  );
  if (!opened.ok) return tool.fail(`Could not open '${name}': ${opened.failure.message}`);
  const { location, format } = opened.value;
  await opened.value.device.close();
  if (format === 'raw') return tool.fail('This image format does not support checks', EXIT.unsupported);

  const quiet = given.has('quiet');
  const report = await checkFile(location, repair, form === 'human' && !quiet, tool);
  if (!report.ok) return tool.fail(`Check failed: ${report.failure.message}`, EXIT.failed);
  if (!quiet) {
    tool.terminal.out(form === 'json' ? checkJson(location, report.value) : checkText(report.value));
    for (const finding of report.value.findings) tool.note(describe(finding));
  }
  if (report.value.checkErrors > 0) return tool.fail('Check failed', EXIT.failed);
  if (report.value.corruptions > 0) return EXIT.corrupt;
  return report.value.leaks > 0 ? EXIT.leaks : EXIT.clean;
};

/** Checks, and after a repair checks again, so that what is reported is what is there now. */
async function checkFile(
  location: string,
  repair: Repair,
  sayRepaired: boolean,
  tool: Tool,
): Promise<Result<CheckReport>> {
  const file = await openFile(location, repair !== 'none');
  if (!file.ok) return withoutName(file, location);
  try {
    const first = await checkQed(file.value, repair);
    if (!first.ok || first.value.corruptionsFixed + first.value.leaksFixed === 0) return first;
    if (sayRepaired) tool.terminal.out(repairedText(first.value));
    const second = await checkQed(file.value, 'none');
    if (!second.ok) return second;
    const { corruptionsFixed, leaksFixed, findings } = first.value;
    return ok({ ...second.value, corruptionsFixed, leaksFixed, findings });
  } finally {
    await file.value.close();
  }
}

async function openFile(location: string, writable: boolean): Promise<Result<BlockFile>> {
  if (isRemote(location)) {
    const source = await openRemoteSource(location, { clock: systemClock });
    return source.ok ? ok(new DeviceFile(source.value)) : source;
  }
  const path = localPath(location);
  return writable ? openLocked(path) : NodeFile.open(path, { readOnly: true });
}

const PROBLEMS: Readonly<Record<Finding['problem'], string>> = {
  'bad-l1-entry': 'its L1 entry points to {}, which is no table inside the file',
  'bad-l2-entry': 'its L2 entry points to {}, which is no cluster inside the file',
  'table-overlap': 'its L2 table at {} is in use for something else too',
  'cluster-overlap': 'its cluster at {} is in use for something else too',
};

/** What QEMU does not tell: which guest range a fault affects, and what became of it. */
function describe({ problem, guest, fileOffset, repaired }: Finding): string {
  const range = `guest range 0x${guest.offset.toString(16)}-0x${(rangeEnd(guest) - 1).toString(16)}`;
  const fault = PROBLEMS[problem].replace('{}', `0x${fileOffset.toString(16)}`);
  const fate = repaired ? '; cleared: the backing file, or zeroes, show there now' : '';
  return `${range}: ${fault}${fate}`;
}
