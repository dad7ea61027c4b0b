import { err, ok, type Result } from '../../../../shared/result.ts';
import { parseArguments, type OptionSpec } from '../../arguments/getopt.ts';
import { DEFAULT_SETTINGS, type DiskSettings } from './disk/disk-settings.ts';
import { withOption } from './disk/settings-options.ts';

/** What the command line asks for. */
export type IoRequest =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  /** Misused: the usage follows the message, where there is one. */
  | { readonly kind: 'misused'; readonly message: string | null }
  | { readonly kind: 'run'; readonly settings: DiskSettings; readonly commands: readonly string[] | null };

const OPTIONS: readonly OptionSpec[] = [
  { short: 'h', long: 'help', argument: 'none' },
  { short: 'V', long: 'version', argument: 'none' },
  { short: 'c', long: 'cmd', argument: 'required' },
  { short: 'f', long: 'format', argument: 'required' },
  { short: 'r', long: 'read-only', argument: 'none' },
  { short: 's', long: 'snapshot', argument: 'none' },
  { short: 'n', long: 'nocache', argument: 'none' },
  { short: 'C', long: 'copy-on-read', argument: 'none' },
  { short: 'm', long: 'misalign', argument: 'none' },
  { short: 'k', long: 'native-aio', argument: 'none' },
  { short: 'i', long: 'aio', argument: 'required' },
  { short: 't', long: 'cache', argument: 'required' },
  { short: 'd', long: 'discard', argument: 'required' },
  { short: 'T', long: 'trace', argument: 'required' },
  { short: 'U', long: 'force-share', argument: 'none' },
  { long: 'object', argument: 'required' },
  { long: 'image-opts', argument: 'none' },
];

/** Reads the command line in order, as `qemu-io` does: the first option that makes no sense decides. */
export function parseIoArguments(args: readonly string[]): Result<IoRequest> {
  const parsed = parseArguments(args, OPTIONS);
  if (!parsed.ok) return ok({ kind: 'misused', message: parsed.failure.message });
  const commands: string[] = [];
  let settings = DEFAULT_SETTINGS;
  for (const { spec, value } of parsed.value.options) {
    switch (spec.short ?? spec.long ?? '') {
      case 'h':
        return ok({ kind: 'help' });
      case 'V':
        return ok({ kind: 'version' });
      case 'c':
        commands.push(value);
        break;
      case 'f':
        settings = { ...settings, format: value };
        break;
      case 'T':
        return err('unsupported', 'tracing (-T) is not supported');
      case 'object':
      case 'image-opts':
        return err(
          'unsupported',
          `--${spec.long ?? ''} is not supported: give the file's name, and its format with -f`,
        );
      default: {
        const changed = withOption(settings, spec.short ?? '', value);
        if (typeof changed === 'string') return err('invalid-argument', changed);
        settings = changed;
      }
    }
  }
  const [location = null, ...rest] = parsed.value.operands;
  if (rest.length > 0) return ok({ kind: 'misused', message: null });
  return ok({
    kind: 'run',
    settings: { ...settings, location },
    commands: commands.length === 0 ? null : commands,
  });
}
