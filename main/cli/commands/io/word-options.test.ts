import { describe, expect, it } from 'vitest';
import { WordOptions } from './word-options.ts';

function read(line: string, letters: string) {
  const problems: string[] = [];
  const options = new WordOptions(line.split(' '), letters, (problem) => problems.push(problem));
  return {
    found: [...options].map(([letter, value]) => letter + value),
    operands: options.operands,
    problems,
  };
}

describe('the options among the words of a command', () => {
  it('stand alone, together, before and behind operands', () => {
    expect(read('-a 0 -bc 1', 'abc')).toEqual({ found: ['a', 'b', 'c'], operands: ['0', '1'], problems: [] });
  });

  it('take an argument from their own word or the next', () => {
    expect(read('-P5 -qP 6 0', 'P:q').found).toEqual(['P5', 'q', 'P6']);
  });

  it('take an argument that looks like an option', () => {
    expect(read('-P -1 0', 'P:').found).toEqual(['P-1']);
  });

  it('end at two dashes; a single dash is an operand', () => {
    expect(read('- -- -a', 'a')).toEqual({ found: [], operands: ['-', '-a'], problems: [] });
  });

  it('are reported where they are unknown or lack their argument', () => {
    expect(read('-x --foo', 'f:')).toEqual({
      found: ['?', '?', 'foo'],
      operands: [],
      problems: ["invalid option -- 'x'", "invalid option -- '-'"],
    });
    expect(read('-P', 'P:').problems).toEqual(["option requires an argument -- 'P'"]);
    expect(read('-:', 'P:').problems).toEqual(["invalid option -- ':'"]);
  });

  it('come one at a time, so that nothing behind one that is refused is looked at', () => {
    const problems: string[] = [];
    for (const [letter] of new WordOptions(['-a', '-x'], 'a', (problem) => problems.push(problem))) {
      if (letter === 'a') break;
    }
    expect(problems).toEqual([]);
  });
});
