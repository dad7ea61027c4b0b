import type { z } from 'zod';
import type { JsonObject } from '../wire/json.ts';
import { refuse, type Answer } from './answer.ts';
import { checkArguments, type ArgumentSchema } from './arguments.ts';

/** Something that clients can ask for. */
export interface Command {
  readonly name: string;
  readonly execute: (given: JsonObject) => Promise<Answer>;
}

/** @param run is called with arguments that have been checked */
export function command<Schema extends ArgumentSchema>(
  name: string,
  schema: Schema,
  run: (given: z.output<Schema>) => Answer | Promise<Answer>,
): Command {
  return {
    name,
    execute: async (given) => {
      const checked = checkArguments(schema, given);
      return checked.ok ? run(checked.value) : refuse(checked.failure.message);
    },
  };
}

/** All that a monitor's clients can ask for, by name. */
export class CommandTable {
  readonly #commands: ReadonlyMap<string, Command>;

  constructor(commands: readonly Command[]) {
    this.#commands = new Map(commands.map((one) => [one.name, one]));
  }

  get names(): readonly string[] {
    return [...this.#commands.keys()];
  }

  async execute(name: string, given: JsonObject): Promise<Answer> {
    const found = this.#commands.get(name);
    return found === undefined
      ? refuse(`The command ${name} has not been found`, 'CommandNotFound')
      : found.execute(given);
  }
}
