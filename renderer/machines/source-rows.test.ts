import { describe, expect, it } from 'vitest';
import { aSource } from '../testing/samples.ts';
import { shownSources } from './source-rows.ts';

const named = (...locations: string[]) =>
  shownSources(locations.map((location) => aSource({ location }))).map(({ name }) => name);

describe('the sources of a disk', () => {
  it('are called by their hosts', () => {
    expect(named('https://a.example/masters/0/', 'http://127.0.0.1:8080/')).toEqual([
      'a.example',
      '127.0.0.1:8080',
    ]);
  });

  it('on one host are told apart by their addresses', () => {
    expect(named('https://a.example/1/', 'https://a.example/2/', 'https://b.example/')).toEqual([
      'https://a.example/1/',
      'https://a.example/2/',
      'b.example',
    ]);
  });

  it('that are folders are called by their paths', () => {
    expect(named('/srv/masters/', 'C:\\masters\\')).toEqual(['/srv/masters/', 'C:\\masters\\']);
  });
});
