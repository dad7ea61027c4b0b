import { systemClock } from '../../../../shared/clock.ts';
import { isSameKey } from '../../../../shared/feed.ts';
import { err, ok } from '../../../../shared/result.ts';
import { feedOffer } from '../../../feeds/feed-views.ts';
import { fetchJudged } from '../../../feeds/fetch-judged.ts';
import { placeOf } from '../../../feeds/formats.ts';
import { reportCommand } from '../../arguments/command.ts';
import { expectedKey } from './expected-key.ts';
import { offerText } from './offer-text.ts';

const HELP = `usage: headwater feed verify FILE|DIR|URL [--key KEY]

Fetches a feed and its signature as its readers do, and checks them: format, signature,
time. Without --key this says only that feed and signature belong together.

  -k, --key KEY          the key it must be signed with: the key itself, its .pub file,
                         or its fingerprint
      --json             print the result as JSON
  -h, --help             this text
`;

export const verifyCommand = reportCommand({
  name: 'feed verify',
  help: HELP,
  options: [{ short: 'k', long: 'key', argument: 'required' }],
  parse(given) {
    const location = given.one('a feed');
    return location.ok ? ok({ location: location.value, key: given.value('key') }) : location;
  },
  async run({ location, key }, { interrupted: signal }) {
    const place = placeOf(location);
    if (!place.ok) return place;
    const parts = { clock: systemClock, nowMs: Date.now, signal };
    const judged = await fetchJudged(place.value, { known: null, etag: null }, parts);
    if (!judged.ok) return judged;
    if (judged.value.kind === 'unchanged') return err('malformed', `'${location}' has no content`);
    const offer = feedOffer(place.value, judged.value.listing, false);
    const expected = expectedKey(key);
    if (
      expected !== null &&
      !(offer.key !== null && isSameKey(expected, offer.key, offer.fingerprint ?? ''))
    ) {
      return err('untrusted', `'${location}' is not signed with the key that was given`);
    }
    return ok({ json: offer, text: offerText(offer) });
  },
});
