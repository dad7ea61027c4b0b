import type { DiskSource, SourceState } from '../../shared/ipc/disk-sources.ts';
import type { Tone } from '../ui/tone.ts';

export const SOURCE_TONES: Readonly<Record<SourceState, Tone>> = {
  untried: 'neutral',
  answers: 'good',
  slow: 'warn',
  'wrong-bytes': 'bad',
  unreachable: 'warn',
  refuses: 'warn',
};

/** A source and what it is called: by its host, or whole where that would not tell it from another. */
export interface SourceRow {
  readonly source: DiskSource;
  readonly name: string;
}

export function shownSources(sources: readonly DiskSource[]): SourceRow[] {
  const hosts = sources.map(({ location }) => hostOf(location));
  return sources.map((source, index) => {
    const host = hosts[index];
    const isOnly = host !== null && hosts.filter((other) => other === host).length === 1;
    return { source, name: isOnly && host !== undefined ? host : source.location };
  });
}

/** Null for a folder. */
function hostOf(location: string): string | null {
  if (!/^https?:\/\//i.test(location)) return null;
  return URL.canParse(location) ? new URL(location).host : null;
}
