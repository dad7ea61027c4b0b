import { describe, expect, it } from 'vitest';
import { ifVisible, type WindowState } from './window-state.ts';

const DISPLAY = { x: 0, y: 0, width: 1920, height: 1080 };
const SECOND = { x: 1920, y: 0, width: 1920, height: 1080 };
const at = (x: number, y: number): WindowState => ({ x, y, width: 1000, height: 700, maximised: false });

describe('the state of a window', () => {
  it('is taken again when the window can be seen', () => {
    expect(ifVisible(at(100, 100), [DISPLAY])).toEqual(at(100, 100));
    expect(ifVisible(at(-800, 0), [DISPLAY])).not.toBeNull();
  });

  it('is forgotten when its display is gone', () => {
    expect(ifVisible(at(2500, 100), [DISPLAY, SECOND])).not.toBeNull();
    expect(ifVisible(at(2500, 100), [DISPLAY])).toBeNull();
  });

  it('is forgotten when nobody could get hold of the title bar', () => {
    expect(ifVisible(at(100, -50), [DISPLAY])).toBeNull();
    expect(ifVisible(at(100, 1060), [DISPLAY])).toBeNull();
    expect(ifVisible(at(-950, 100), [DISPLAY])).toBeNull();
  });

  it('may be unknown', () => {
    expect(ifVisible(null, [DISPLAY])).toBeNull();
  });
});
