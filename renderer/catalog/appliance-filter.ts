import type { ApplianceView } from '../../shared/ipc/catalog.ts';

export interface ApplianceFilter {
  readonly text: string;
  readonly arch: string;
  /** A kind of source for one's own appliances, `feed:` and an id for those of a feed, or nothing for all. */
  readonly source: string;
}

export const NO_FILTER: ApplianceFilter = { text: '', arch: '', source: '' };

export function isFiltering({ text, arch, source }: ApplianceFilter): boolean {
  return text.trim() !== '' || arch !== '' || source !== '';
}

/** Folds case and accents, so that "munchen" finds "München". */
function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** What the filter of sources calls an appliance's. */
function sourceOf({ feed, source }: ApplianceView): string {
  return feed === null ? source : `feed:${feed.id}`;
}

/** The feeds that list something, as the filter of sources calls them, with their names. */
export function feedsOf(
  appliances: readonly ApplianceView[],
): readonly { readonly value: string; readonly label: string }[] {
  const names = new Map(appliances.flatMap(({ feed }) => (feed === null ? [] : [[feed.id, feed.name]])));
  return [...names].map(([id, label]) => ({ value: `feed:${id}`, label }));
}

/** An appliance with the words it is found by, folded once for all searches. */
export interface Searchable {
  readonly appliance: ApplianceView;
  readonly words: string;
}

export function searchable(appliances: readonly ApplianceView[]): readonly Searchable[] {
  return appliances.map((appliance) => {
    const { name, publisher, summary, version, licence, arch, tags, feed } = appliance;
    const all = [name, publisher, summary, version, licence, arch, ...tags, feed?.name ?? ''];
    return { appliance, words: folded(all.join('\n')) };
  });
}

/** Those that have every word of the search somewhere; names that begin with it come first. */
export function matching(all: readonly Searchable[], filter: ApplianceFilter): readonly ApplianceView[] {
  const terms = folded(filter.text).split(/\s+/).filter(Boolean);
  const found = all.filter(
    ({ appliance, words }) =>
      (filter.arch === '' || appliance.arch === filter.arch) &&
      (filter.source === '' || sourceOf(appliance) === filter.source) &&
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
