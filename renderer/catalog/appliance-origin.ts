import type { ApplianceView } from '../../shared/ipc/catalog.ts';
import type { Messages } from '../i18n/en.ts';

export interface Origin {
  readonly text: string;
  /** Something to think about before starting it. */
  readonly warn: boolean;
}

/** Where an appliance comes from, and what is wrong with that, if anything is; nothing for one's own. */
export function originOf(
  { feed, withdrawn }: ApplianceView,
  { feeds, catalog }: Messages,
): readonly Origin[] {
  if (withdrawn) return [{ text: catalog.withdrawn, warn: true }];
  if (feed === null) return [];
  const name = { text: feed.name, warn: false };
  if (feed.state === 'expired') return [{ text: feeds.states.expired, warn: true }, name];
  return feed.signed ? [name] : [{ text: feeds.states.unsigned, warn: true }, name];
}
