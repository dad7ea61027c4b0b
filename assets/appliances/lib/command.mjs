// Running other programs from a recipe: one way to do it, with errors that say what was run and what it printed.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Runs a program to its end and returns what it wrote to stdout.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {object} [options]
 * @param {string | Buffer} [options.input]
 * @param {Record<string, string>} [options.env] added to this process's environment
 * @param {string} [options.cwd]
 * @param {'utf8' | 'buffer'} [options.encoding]
 * @param {RegExp} [options.harmless] for programs whose exit code says nothing: any line on stderr that does not match
 *   counts as a failure
 */
export function run(program, args, { input, env, cwd, encoding = 'utf8', harmless } = {}) {
  const result = spawnSync(program, args, {
    cwd,
    input: input ?? '',
    encoding,
    env: { ...process.env, PATH: searchPath(), LC_ALL: 'C', ...env },
    maxBuffer: 1 << 30,
  });
  if (result.error) {
    const reason = result.error.code === 'ENOENT' ? 'it is not installed' : result.error.message;
    throw new Error(`cannot run ${program}: ${reason}`);
  }
  const complaints = harmless
    ? `${result.stderr}`.split('\n').filter((line) => line.trim() !== '' && !harmless.test(line))
    : [];
  if (result.status !== 0 || complaints.length > 0) {
    const how = result.signal ? `was ended by ${result.signal}` : `ended with exit code ${result.status}`;
    const output = `${encoding === 'utf8' ? result.stdout : ''}\n${result.stderr}`
      .trim()
      .split('\n')
      .slice(-15)
      .join('\n');
    throw new Error(`${program} ${args.slice(0, 4).join(' ')} … ${how}\n${output}`);
  }
  return result.stdout;
}

export function onPath(program) {
  return searchPath()
    .split(delimiter)
    .some((folder) => existsSync(join(folder, program)));
}

/** Some of the tools used here live in sbin, which an ordinary user's PATH leaves out. */
const searchPath = () => `${process.env.PATH}:/usr/sbin:/sbin`;
