import type { Result } from '../../shared/result.ts';

/** What a thread can be asked: by name, the argument and the answer. All of it is data that can be sent. */
export type CallTable = Readonly<Record<string, { readonly argument: unknown; readonly answer: unknown }>>;

/** Interfaces have no index signature; this asks of them only what a {@link CallTable} has. */
export type Calls<Table> = { readonly [Name in keyof Table]: CallTable[string] };

export type Argument<Table extends Calls<Table>, Name extends keyof Table> = Table[Name]['argument'];
export type Answer<Table extends Calls<Table>, Name extends keyof Table> = Table[Name]['answer'];

/**
 * What crosses between a thread and who started it. Both ends are ours and built together, so that types are enough;
 * whoever lends something to a stranger uses a protocol that checks (`storage/block-port`).
 */
export type ToThread =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly argument: unknown }
  /** Whoever asked does not need the answer any more; there is one nevertheless. */
  | { readonly kind: 'cancel'; readonly id: number };

export type FromThread =
  | { readonly kind: 'answer'; readonly id: number; readonly result: Result<unknown> }
  /** From 0 to 1. */
  | { readonly kind: 'progress'; readonly id: number; readonly fraction: number }
  | { readonly kind: 'event'; readonly event: unknown };
