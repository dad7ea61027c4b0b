import { Cell } from '../state/cell.ts';

export type ScreenName = 'catalog' | 'machines' | 'overlays' | 'preferences';
export type Route = { readonly screen: ScreenName } | { readonly screen: 'machine'; readonly id: string };

/** Screens have addresses in the hash, so that Back leads back. */
export function routeOf(hash: string): Route {
  const [, screen, id] = /^#\/([a-z]+)(?:\/([a-z0-9-]+))?$/.exec(hash) ?? [];
  if (screen === 'machines' && id !== undefined) return { screen: 'machine', id };
  if (screen === 'machines' || screen === 'overlays' || screen === 'preferences') return { screen };
  return { screen: 'catalog' };
}

export function hashOf(route: Route): string {
  return route.screen === 'machine' ? `#/machines/${route.id}` : `#/${route.screen}`;
}

const current = new Cell(routeOf('location' in globalThis ? location.hash : ''));

export function route(): Route {
  return current.value;
}

export function go(to: Route): void {
  location.hash = hashOf(to);
}

/** Follows the address. @returns a function that ends it */
export function followAddress(): () => void {
  const follow = () => (current.value = routeOf(location.hash));
  addEventListener('hashchange', follow);
  return () => removeEventListener('hashchange', follow);
}
