import type { ApplianceView } from '../../shared/ipc/catalog.ts';

export interface ApplianceFilter {
  readonly text: string;
  readonly arch: string;
  readonly source: ApplianceView['source'] | '';
}

export const NO_FILTER: ApplianceFilter = { text: '', arch: '', source: '' };

export function isFiltering({ text, arch, source }: ApplianceFilter): boolean {
  return text.trim() !== '' || arch !== '' || source !== '';
}

/** Folds case and accents, so that "munchen" finds "München". */
function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** An appliance with the words it is found by, folded once for all searches. */
export interface Searchable {
  readonly appliance: ApplianceView;
  readonly words: string;
}

export function searchable(appliances: readonly ApplianceView[]): readonly Searchable[] {
  return appliances.map((appliance) => {
    const { name, publisher, summary, version, licence, arch } = appliance;
    return { appliance, words: folded([name, publisher, summary, version, licence, arch].join('\n')) };
  });
}

/** Those that have every word of the search somewhere; names that begin with it come first. */
export function matching(all: readonly Searchable[], filter: ApplianceFilter): readonly ApplianceView[] {
  const terms = folded(filter.text).split(/\s+/).filter(Boolean);
  const found = all.filter(
    ({ appliance, words }) =>
      (filter.arch === '' || appliance.arch === filter.arch) &&
      (filter.source === '' || appliance.source === filter.source) &&
      terms.every((term) => words.includes(term)),
  );
  const [first] = terms;
  if (first === undefined) return found.map(({ appliance }) => appliance);
  const [begins, others] = [true, false].map((wanted) =>
    found.filter(({ words }) => words.startsWith(first) === wanted),
  );
  return [...(begins ?? []), ...(others ?? [])].map(({ appliance }) => appliance);
}

export function architectures(appliances: readonly ApplianceView[]): readonly string[] {
  return [...new Set(appliances.map(({ arch }) => arch))].sort();
}
