import type { DiskSource, SourceState } from '../../../shared/ipc/disk-sources.ts';
import { counted, formatBytes, formatRate } from './quantities.ts';
import { textTable } from './text-table.ts';

const STATES: Readonly<Record<SourceState, string>> = {
  untried: 'not asked',
  answers: 'answers',
  slow: 'slow',
  'wrong-bytes': 'wrong bytes',
  unreachable: 'not reachable',
  refuses: 'does not have it',
};

const HEADING = ['STATE', 'FIRST BYTE', 'RATE', 'BROUGHT', 'SOURCE'];

/** The sources of a master, a line each, and below each what is wrong with it. */
export function sourceTable(sources: readonly DiskSource[]): string {
  const [heading = '', ...lines] = textTable(HEADING, sources.map(rowOf));
  return heading + sources.map((source, index) => (lines[index] ?? '') + reasonOf(source)).join('');
}

function rowOf(source: DiskSource): string[] {
  const { location, firstByteMs, bytesPerSecond, broughtBytes } = source;
  return [
    STATES[source.state],
    firstByteMs === null ? '-' : `${firstByteMs} ms`,
    bytesPerSecond === null ? '-' : formatRate(bytesPerSecond),
    formatBytes(broughtBytes),
    location,
  ];
}

function reasonOf({ failure, wrongAnswers }: DiskSource): string {
  const wrong = wrongAnswers > 0 ? ` (${counted(wrongAnswers, 'wrong answer')})` : '';
  return failure === null ? '' : `  ${failure.message}${wrong}\n`;
}
