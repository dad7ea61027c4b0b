import { describe, expect, it } from 'vitest';
import { formatForward, parseForward, parseForwards, portForwardsSchema } from './port-forward.ts';
import { unwrap } from './result.ts';

describe('a port that is forwarded', () => {
  it.each([
    ['tcp:2222:22', { protocol: 'tcp', hostPort: 2222, guestPort: 22 }],
    ['udp:5353:53', { protocol: 'udp', hostPort: 5353, guestPort: 53 }],
    [' 8080:80 ', { protocol: 'tcp', hostPort: 8080, guestPort: 80 }],
  ])('is understood: %s', (text, forward) => {
    expect(unwrap(parseForward(text))).toEqual(forward);
    expect(unwrap(parseForward(formatForward(unwrap(parseForward(text)))))).toEqual(forward);
  });

  it.each([
    '',
    'tcp',
    '22',
    'tcp:22',
    'icmp:1:2',
    'tcp:0:22',
    'tcp:22:65536',
    'tcp:-1:22',
    'tcp:1:2:3',
    'tcp:1:2,x=y',
  ])('is refused, with how to write it: %j', (text) => {
    expect(parseForward(text)).toMatchObject({
      failure: { code: 'invalid-argument', message: expect.stringContaining('tcp:2222:22') as string },
    });
  });

  it('is one of several, with commas between them', () => {
    expect(unwrap(parseForwards('tcp:2222:22, udp:53:53,')).map(formatForward)).toEqual([
      'tcp:2222:22',
      'udp:53:53',
    ]);
    expect(unwrap(parseForwards(' '))).toEqual([]);
    expect(parseForwards('tcp:1:1,tcp:1:2')).toMatchObject({
      failure: { message: 'tcp port 1 is forwarded twice' },
    });
    expect(parseForwards('tcp:1:1,nonsense')).toMatchObject({ ok: false });
  });

  it('leads to one place', () => {
    const forward = { protocol: 'tcp', hostPort: 2222, guestPort: 22 } as const;
    expect(portForwardsSchema.safeParse([forward, { ...forward, guestPort: 23 }]).success).toBe(false);
    expect(portForwardsSchema.safeParse([forward, { ...forward, protocol: 'udp' }]).success).toBe(true);
  });
});
