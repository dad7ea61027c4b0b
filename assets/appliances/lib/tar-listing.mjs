// Who owns what in a tar archive. Unpacked by an ordinary user, every file would belong to that user, and hard links and
// devices would be refused; so the archive is unpacked for its contents and read again for everything else.
import { run } from './command.mjs';

/**
 * @typedef {Map<string, { user: number, group: number, permissions: number, linkTo?: string }>} Listing
 *   by path from `/`; `linkTo` is the first name of a file that has several
 */

/** `-rwsr-xr-x 0/42  74476 2025-08-10 15:54 ./usr/bin/chage`, with C escapes in names. */
const LINE = /^([-dlhcbp])(\S{9}) (\d+)\/(\d+) +\S+ \S+ \S+ \.?(.*)$/;

/** @param {string} archive @returns {Listing} */
export function listTar(archive) {
  const lines = run('tar', ['-tvf', archive, '--numeric-owner', '--quoting-style=escape']).split('\n');
  const listing = new Map();
  for (const line of lines.filter(Boolean)) {
    const parts = LINE.exec(line);
    if (!parts) throw new Error(`tar listed something unexpected: ${line}`);
    const [, kind, letters, user, group, rest] = parts;
    if ('cbp'.includes(kind)) continue;
    const [name, target] =
      kind === 'h' ? rest.split(' link to ') : [kind === 'l' ? rest.split(' -> ')[0] : rest];
    const entry = { user: Number(user), group: Number(group), permissions: permissionsOf(letters) };
    listing.set(plain(name), kind === 'h' ? { ...entry, linkTo: plain(target) } : entry);
  }
  return listing;
}

const plain = (name) => name.replace(/^\./, '').replace(/\/$/, '') || '/';

/** `rwsr-xr-t` as a number. */
function permissionsOf(letters) {
  const special = { 2: 0o4000, 5: 0o2000, 8: 0o1000 };
  return [...letters].reduce((mode, letter, index) => {
    const bit = letter === '-' || letter === 'S' || letter === 'T' ? 0 : 0o400 >> index;
    return mode | bit | ('stST'.includes(letter) ? special[index] : 0);
  }, 0);
}
