import { SvelteMap } from 'svelte/reactivity';

/** One value that components follow. A map of one entry, because that works in plain modules, too, and in tests. */
export class Cell<Value> {
  readonly #entry = new SvelteMap<'value', Value>();

  constructor(initial: Value) {
    this.#entry.set('value', initial);
  }

  get value(): Value {
    return this.#entry.get('value') as Value;
  }

  set value(value: Value) {
    this.#entry.set('value', value);
  }
}
