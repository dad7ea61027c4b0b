import type { Component } from 'svelte';

export interface MenuItem {
  readonly label: string;
  readonly icon?: Component<{ size?: number }>;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** What it does, or why it cannot be chosen, in a line of its own. */
  readonly hint?: string | undefined;
  /** Present where the item is one of several choices of which one holds. */
  readonly checked?: boolean;
  run(): void;
}
