import { createInterface } from 'node:readline/promises';
import { isSameKey } from '../../../../shared/feed.ts';
import type { FeedOffer, FeedView } from '../../../../shared/ipc/feeds.ts';
import { err, ok, type Result } from '../../../../shared/result.ts';
import type { FeedService } from '../../../feeds/feed-service.ts';
import { counted } from '../../display/quantities.ts';
import { reportCommand } from '../../arguments/command.ts';
import { withCatalog } from '../../app-catalog.ts';
import type { Terminal } from '../../terminal.ts';
import { expectedKey } from './expected-key.ts';
import { dayOf, offerText } from './offer-text.ts';

const COMMON_HELP = `      --json             print the result as JSON
  -h, --help             this text

These commands use the catalog of the desktop app, which must not be running.
`;

export const listCommand = reportCommand({
  name: 'feed list',
  help: `usage: headwater feed list\n\nThe feeds you have subscribed to, and how they stand.\n\n${COMMON_HELP}`,
  options: [],
  parse: (given) => given.expect(),
  run: (_, terminal) =>
    withCatalog(terminal, async ({ feeds }) =>
      ok({ json: feeds.views, text: feeds.views.map(feedText).join('\n') || 'no feeds yet\n' }),
    ),
});

export const subscribeCommand = reportCommand({
  name: 'feed subscribe',
  help: `usage: headwater feed subscribe URL|FILE [--key KEY | --trust]

Subscribes to a feed. Its key is kept: from now on only what is signed with it counts, or
with a key that its holder passes the feed on to. Without --key you trust the key that the
feed has at this moment, and are asked whether you do. Image servers (simplestreams) are
named by their streams/v1/index.json; they have no key that Headwater knows.

  -k, --key KEY          the key it must have: the key itself, its .pub file, or its
                         fingerprint
      --trust            trust the key it has, without a question
${COMMON_HELP}`,
  options: [
    { short: 'k', long: 'key', argument: 'required' },
    { long: 'trust', argument: 'none' },
  ],
  parse(given) {
    const location = given.one('the address of a feed');
    if (!location.ok) return location;
    return ok({ location: location.value, key: given.value('key'), trust: given.has('trust') });
  },
  async run({ location, key, trust }, terminal) {
    const expected = expectedKey(key);
    return withCatalog(terminal, async ({ feeds }) => {
      const offer = await feeds.look({ location });
      if (!offer.ok) return offer;
      const trusted = await mayTrust(offer.value, expected, trust, terminal);
      if (!trusted.ok) return trusted;
      const added = await feeds.add({ location, key: offer.value.key });
      return added.ok ? ok({ json: added.value, text: `subscribed to '${added.value.name}'\n` }) : added;
    });
  },
});

async function mayTrust(
  offer: FeedOffer,
  expected: string | null,
  trust: boolean,
  terminal: Terminal,
): Promise<Result<void>> {
  if (expected !== null) {
    const right = offer.key !== null && isSameKey(expected, offer.key, offer.fingerprint ?? '');
    return right ? ok(undefined) : err('untrusted', `it is not signed with the key that was given`);
  }
  if (trust) return ok(undefined);
  terminal.err(offerText(offer));
  if (terminal.stdin.isTTY !== true) {
    return err(
      'invalid-argument',
      'nobody can be asked here: give the key with --key, or trust this one with --trust',
    );
  }
  const question = createInterface({ input: terminal.stdin, output: process.stderr });
  const what =
    offer.key === null
      ? 'Add this list, which is not signed'
      : 'You see this key for the first time. Trust it';
  const answer = await question.question(`${what}? [y/N] `);
  question.close();
  return /^y(es)?$/i.test(answer.trim()) ? ok(undefined) : err('untrusted', 'nothing was added');
}

export const refreshCommand = reportCommand({
  name: 'feed refresh',
  help: `usage: headwater feed refresh [FEED]

Looks for a newer issue of a feed, or of all. What must not be believed is not taken over.

${COMMON_HELP}`,
  options: [],
  parse({ operands }) {
    const [word, ...more] = operands;
    return more.length === 0
      ? ok(word)
      : err('invalid-argument', 'give one feed, or none for all (see --help)');
  },
  async run(word, terminal) {
    return withCatalog(terminal, async ({ feeds }) => {
      const wanted = word === undefined ? ok(feeds.views) : findFeed(feeds, word);
      if (!wanted.ok) return wanted;
      let failed = 0;
      for (const { id } of wanted.value) {
        const refreshed = await feeds.refresh({ id });
        if (!refreshed.ok) failed++;
      }
      const ids = new Set(wanted.value.map(({ id }) => id));
      const views = feeds.views.filter(({ id }) => ids.has(id));
      return ok({ json: views, text: views.map(feedText).join('\n'), exitCode: failed > 0 ? 1 : 0 });
    });
  },
});

export const unsubscribeCommand = reportCommand({
  name: 'feed unsubscribe',
  help: `usage: headwater feed unsubscribe FEED

Forgets a feed and its key. Machines made from its appliances stay, with all they need.
FEED is its id, its name or its address.

${COMMON_HELP}`,
  options: [],
  parse: (given) => given.one('the feed'),
  async run(word, terminal) {
    return withCatalog(terminal, async ({ feeds }) => {
      const found = findFeed(feeds, word);
      if (!found.ok) return found;
      const [feed] = found.value;
      if (feed === undefined) return err('not-found', `there is no feed '${word}'`);
      const removed = await feeds.remove({ id: feed.id });
      return removed.ok ? ok({ json: feed, text: `unsubscribed from '${feed.name}'\n` }) : removed;
    });
  },
});

function findFeed(feeds: FeedService, word: string): Result<FeedView[]> {
  const found = feeds.views.filter(({ id, name, feedId, location }) =>
    [id, name, feedId, location].includes(word),
  );
  if (found.length === 1) return ok(found);
  const choice = feeds.views.map(({ id, name }) => `${id} (${name})`).join(', ') || 'none';
  const why = found.length === 0 ? `there is no feed '${word}'` : `'${word}' names several feeds`;
  return err(found.length === 0 ? 'not-found' : 'invalid-argument', `${why}; there are: ${choice}`);
}

function feedText(feed: FeedView): string {
  const { id, name, state, appliances, serial, expiresMs, fingerprint, location, failure } = feed;
  const issue = fingerprint === null ? 'not signed' : `serial ${serial}, good until ${dayOf(expiresMs)}`;
  const lines = [
    `${name} (${id}): ${state}, ${counted(appliances, 'appliance')}, ${issue}`,
    `  from ${location}`,
    ...(fingerprint === null ? [] : [`  key ${fingerprint}`]),
    ...(failure === null ? [] : [`  not refreshed: ${failure.message}`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
