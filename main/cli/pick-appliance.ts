import type { ApplianceView } from '../../shared/ipc/catalog.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { nearest } from './arguments/nearest.ts';

/**
 * The appliance that a user means by a word: its id, the id that its feed gives it, or its name, in capitals or not. What
 * fits more exactly goes first.
 */
export function pickAppliance(all: Result<ApplianceView[]>, word: string): Result<ApplianceView> {
  if (!all.ok) return all;
  const fitting = FITS.map((fits) => all.value.filter((one) => fits(one, word))).find(
    ({ length }) => length > 0,
  );
  const [first, ...more] = fitting ?? [];
  if (first === undefined) return unknown(all.value, word);
  if (more.length === 0) return ok(first);
  const ids = [first, ...more].map(({ id }) => id).join(', ');
  return err('invalid-argument', `several are called '${word}': ${ids}`);
}

const FITS: readonly ((one: ApplianceView, word: string) => boolean)[] = [
  ({ id }, word) => id === word,
  (one, word) => idInFeed(one) === word,
  ({ name }, word) => name === word,
  ({ name }, word) => name.toLowerCase() === word.toLowerCase(),
];

/** In the catalog the id of its feed stands before it, so that no two are the same. */
const idInFeed = ({ id, feed }: ApplianceView) => (feed === null ? id : id.slice(feed.id.length + 1));

function unknown(all: readonly ApplianceView[], word: string): Result<never> {
  const meant = nearest(
    word,
    all.flatMap((one) => [idInFeed(one), one.name]),
  );
  const hint = meant === undefined ? '' : ` (did you mean '${meant}'?)`;
  return err('not-found', `there is no appliance '${word}'${hint}; 'headwater appliances list' shows all`);
}
