import type { FeedOffer } from '../../../../shared/ipc/feeds.ts';

/** What a feed says of itself, for people. */
export function offerText(offer: FeedOffer): string {
  const rows = [
    ['name', offer.name],
    ['address', offer.location],
    [
      'appliances',
      `${offer.appliances}${offer.unreadable > 0 ? ` (${offer.unreadable} more cannot be used here)` : ''}`,
    ],
    ...(offer.key === null
      ? [['signature', 'none: whoever controls the server decides what it says']]
      : [
          ['serial', String(offer.serial)],
          ['good until', dayOf(offer.expiresMs)],
          ['key', offer.key],
          ['fingerprint', offer.fingerprint ?? ''],
        ]),
  ];
  return rows.map(([term = '', text = '']) => `${term.padEnd(12)} ${text}\n`).join('');
}

export function dayOf(ms: number | null): string {
  return ms === null ? 'not said' : new Date(ms).toISOString().slice(0, 10);
}
