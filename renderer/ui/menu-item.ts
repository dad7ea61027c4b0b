import type { Component } from 'svelte';

export interface MenuItem {
  readonly label: string;
  readonly icon?: Component<{ size?: number }>;
  readonly danger?: boolean;
  /** What it does, in a line of its own. */
  readonly hint?: string | undefined;
  /** Why it cannot be chosen at present, in place of that; undefined where it can. */
  readonly why?: string | undefined;
  /** Present where the item is one of several choices of which one holds. */
  readonly checked?: boolean;
  run(): void;
}
