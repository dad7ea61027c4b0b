import type { Component } from 'svelte';

export interface MenuItem {
  readonly label: string;
  readonly icon?: Component<{ size?: number }>;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** Present where the item is one of several choices of which one holds. */
  readonly checked?: boolean;
  run(): void;
}
