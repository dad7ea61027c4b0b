import { Cell } from '../reactive/cell.ts';

export type ScreenName = 'catalog' | 'machines' | 'overlays' | 'preferences';
export const PREFERENCE_SECTIONS = [
  'bandwidth',
  'schedule',
  'appearance',
  'storage',
  'feeds',
  'about',
] as const;
export type PreferenceSection = (typeof PREFERENCE_SECTIONS)[number];

export type Route =
  | { readonly screen: Exclude<ScreenName, 'preferences'> }
  | { readonly screen: 'preferences'; readonly section?: PreferenceSection }
  | { readonly screen: 'machine'; readonly id: string };

/** Screens have addresses in the hash, so that Back leads back. */
export function routeOf(hash: string): Route {
  const [, screen, part] = /^#\/([a-z]+)(?:\/([a-z0-9-]+))?$/.exec(hash) ?? [];
  if (screen === 'machines') return part === undefined ? { screen } : { screen: 'machine', id: part };
  if (screen === 'preferences') {
    const section = PREFERENCE_SECTIONS.find((known) => known === part);
    return section === undefined ? { screen } : { screen, section };
  }
  return { screen: screen === 'overlays' ? screen : 'catalog' };
}

export function hashOf(route: Route): string {
  if (route.screen === 'machine') return `#/machines/${route.id}`;
  if (route.screen === 'preferences' && route.section) return `#/preferences/${route.section}`;
  return `#/${route.screen}`;
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
