import { describe, expect, it } from 'vitest';
import { anAppliance } from '../testing/samples.ts';
import { architectures, feedsOf, matching, NO_FILTER, searchable } from './appliance-filter.ts';

const all = searchable([
  anAppliance({ id: 'a', name: 'Grande Linux', publisher: 'München Labs', arch: 'x86_64', source: 'http' }),
  anAppliance({ id: 'b', name: 'Tiny Linux' }),
  anAppliance({ id: 'c', name: 'Linux Kiosk', source: 'file' }),
]);
const ids = (text: string, rest = {}) => matching(all, { ...NO_FILTER, text, ...rest }).map(({ id }) => id);

describe('searching the catalog', () => {
  it('finds everything without a search', () => expect(ids('')).toEqual(['a', 'b', 'c']));
  it('needs every word, in any order', () => expect(ids('linux grande')).toEqual(['a']));
  it('finds what an appliance is said to be for', () => {
    const described = searchable([anAppliance({ id: 'x', summary: 'Shows how rivers are measured.' })]);
    expect(matching(described, { ...NO_FILTER, text: 'river' }).map(({ id }) => id)).toEqual(['x']);
  });
  it('does not mind accents and case', () => expect(ids('MUNCHEN')).toEqual(['a']));
  it('puts names that begin with the search first', () => expect(ids('linux')).toEqual(['c', 'a', 'b']));
  it('filters by architecture and source', () => {
    expect(ids('', { arch: 'x86_64' })).toEqual(['a']);
    expect(ids('', { source: 'file' })).toEqual(['c']);
  });
  it('filters by feed, whose appliances are not among one’s own', () => {
    const feed = { id: 'f', name: 'Example', signed: true, state: 'current' } as const;
    const listed = anAppliance({ id: 'd', source: 'http', feed, tags: ['rescue'] });
    const mixed = searchable([listed, anAppliance({ id: 'e', source: 'http' })]);
    const found = (filter: object) => matching(mixed, { ...NO_FILTER, ...filter }).map(({ id }) => id);
    expect(feedsOf([listed])).toEqual([{ value: 'feed:f', label: 'Example' }]);
    expect(found({ source: 'feed:f' })).toEqual(['d']);
    expect(found({ source: 'http' })).toEqual(['e']);
    expect(found({ text: 'rescue example' })).toEqual(['d']);
  });
  it('knows the architectures there are', () =>
    expect(architectures(all.map(({ appliance }) => appliance))).toEqual(['i386', 'x86_64']));
});
