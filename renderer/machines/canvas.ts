import type { Rgb } from './cluster-map.ts';

/** A canvas as many device pixels large as its box, drawn in CSS pixels. */
export function fitted(canvas: HTMLCanvasElement): CanvasRenderingContext2D | undefined {
  const { clientWidth, clientHeight } = canvas;
  const scale = devicePixelRatio;
  const [width, height] = [Math.round(clientWidth * scale), Math.round(clientHeight * scale)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d') ?? undefined;
  context?.setTransform(scale, 0, 0, scale, 0, 0);
  context?.clearRect(0, 0, clientWidth, clientHeight);
  return context;
}

/** The value of a colour token that `tokens.css` registers. */
export function tokenColour(element: Element, token: string): string {
  return getComputedStyle(element).getPropertyValue(token);
}

export function tokenRgb(element: Element, token: string): Rgb {
  const [red = 0, green = 0, blue = 0] = (tokenColour(element, token).match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}

/** Calls back when the theme changes, so that canvases can be drawn anew. @returns a function that ends it */
export function onThemeChange(callback: () => void): () => void {
  const observer = new MutationObserver(callback);
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', callback);
  return () => {
    observer.disconnect();
    system.removeEventListener('change', callback);
  };
}
