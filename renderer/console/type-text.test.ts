import { describe, expect, it } from 'vitest';
import { err, ok } from '../../shared/result.ts';
import { typeText } from './type-text.ts';

const never = new AbortController().signal;
const ignore = () => undefined;

describe('typing a text', () => {
  it('goes piece by piece, tells how far it is, and adds up what was left out', async () => {
    const pieces: string[] = [];
    const told: number[] = [];
    const text = 'x'.repeat(30) + '\r\n😀'.repeat(20);
    const outcome = await typeText(
      text,
      async (piece) => {
        pieces.push(piece);
        return ok({ left: piece.split('😀').length - 1 });
      },
      (done) => told.push(done),
      never,
    );
    expect(outcome).toEqual({ done: 70, left: 20, failure: null });
    expect(pieces.join('')).toBe(text.replaceAll('\r\n', '\n'));
    expect(told).toEqual([32, 64, 70]);
  });

  it('ends after the piece during which it was cancelled', async () => {
    const cancel = new AbortController();
    const type = async () => {
      cancel.abort();
      return ok({ left: 0 });
    };
    expect(await typeText('y'.repeat(100), type, ignore, cancel.signal)).toEqual({
      done: 32,
      left: 0,
      failure: null,
    });
  });

  it('tells why it could not go on', async () => {
    const type = async () => err('closed', 'The machine was reset');
    expect(await typeText('z', type, ignore, never)).toMatchObject({
      done: 0,
      failure: { message: 'The machine was reset' },
    });
  });
});
