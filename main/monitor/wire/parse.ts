import { err, ok, type Err, type Result } from '../../../shared/result.ts';
import type { Json, JsonObject } from './json.ts';
import type { Token, TokenKind } from './lexer.ts';
import { textOf } from './string-token.ts';

const KEYWORDS = new Map<string, Json>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

const LARGEST_INTEGER = 2n ** 64n - 1n;
const SMALLEST_INTEGER = -(2n ** 63n);

/** The value that tokens stand for. Fails with what QEMU says behind `JSON parse error, `. */
export function parse(tokens: readonly Token[]): Result<Json> {
  return new Parser(tokens).value();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  value(): Result<Json> {
    const token = this.#take();
    if (token === undefined) return PREMATURE;
    switch (token.kind) {
      case '{':
        return this.#object();
      case '[':
        return this.#array();
      case 'string':
        return textOf(token.text);
      case 'integer':
        return ok(integer(token.text));
      case 'float':
        return ok(Number(token.text));
      case 'keyword': {
        const value = KEYWORDS.get(token.text);
        return value === undefined ? err('malformed', `invalid keyword '${token.text}'`) : ok(value);
      }
      case '}':
      case ']':
      case ':':
      case ',':
      case 'stray':
      case 'too-long':
        return err('malformed', 'expecting value');
    }
  }

  #object(): Result<JsonObject> {
    // A member may be called `__proto__`.
    const members = Object.create(null) as Record<string, Json>;
    return this.#list('}', 'expected separator in dict', members, () => this.#member(members));
  }

  #array(): Result<Json[]> {
    const items: Json[] = [];
    return this.#list(']', 'expected separator in list', items, () => {
      const item = this.value();
      if (item.ok) items.push(item.value);
      return item;
    });
  }

  #list<List>(
    end: TokenKind,
    notSeparated: string,
    list: List,
    takeItem: () => Result<unknown>,
  ): Result<List> {
    if (this.#tokens[this.#at]?.kind === end) {
      this.#at++;
      return ok(list);
    }
    for (;;) {
      const item = takeItem();
      if (!item.ok) return item;
      const separator = this.#take();
      if (separator === undefined) return PREMATURE;
      if (separator.kind === end) return ok(list);
      if (separator.kind !== ',') return err('malformed', notSeparated);
    }
  }

  #member(members: Record<string, Json>): Result<void> {
    const key = this.value();
    if (!key.ok) return key;
    if (typeof key.value !== 'string') return err('malformed', 'key is not a string in object');
    const colon = this.#take();
    if (colon === undefined) return PREMATURE;
    if (colon.kind !== ':') return err('malformed', 'missing : in object pair');
    const value = this.value();
    if (!value.ok) return value;
    if (Object.hasOwn(members, key.value)) return err('malformed', 'duplicate key');
    members[key.value] = value.value;
    return ok(undefined);
  }

  #take(): Token | undefined {
    return this.#tokens[this.#at++];
  }
}

const PREMATURE: Err = err('malformed', 'premature EOI');

/** As a floating-point number where 64 bits do not hold it. */
function integer(text: string): bigint | number {
  const value = BigInt(text);
  return value >= SMALLEST_INTEGER && value <= LARGEST_INTEGER ? value : Number(text);
}
