import { describe, expect, it } from 'vitest';
import type { ApplianceView } from '../../shared/ipc/catalog.ts';
import { en } from '../i18n/en.ts';
import { anAppliance } from '../testing/samples.ts';
import { originOf } from './appliance-origin.ts';

const FEED = { id: 'f', name: 'Example', signed: true, state: 'current' } as const;
const textsOf = (different: Partial<ApplianceView>) =>
  originOf(anAppliance(different), en).map(({ text }) => text);

describe('where an appliance comes from', () => {
  it('is its feed', () => expect(textsOf({ feed: FEED })).toEqual(['Example']));
  it('needs no word for one’s own', () => expect(textsOf({})).toEqual([]));
  it('is told with a warning when the feed is not signed', () =>
    expect(textsOf({ feed: { ...FEED, signed: false } })).toEqual(['Not signed', 'Example']));
  it('is told with a warning when the feed has expired', () =>
    expect(textsOf({ feed: { ...FEED, state: 'expired' } })).toEqual(['Expired', 'Example']));
  it('is told when its feed does not list it any more', () =>
    expect(textsOf({ withdrawn: true })).toEqual(['No longer listed']));
});
