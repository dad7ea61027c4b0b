import type { request, subscribe } from '../ipc/client.ts';

/** What the state layer asks and hears through; tests put one of their own. */
export interface Client {
  readonly request: typeof request;
  readonly subscribe: typeof subscribe;
}
