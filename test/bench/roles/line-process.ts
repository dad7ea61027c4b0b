import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { roleCommand, type Roles, type ServingRole } from './role.ts';
import { collect, type Children } from '../workshop/children.ts';

/** A role that serves in a process of its own, and answers lines with lines. */
export class LineProcess {
  readonly #children: Children;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #complaints: () => string;
  readonly #lines: Interface;
  readonly #what: string;

  static start<Name extends ServingRole>(children: Children, name: Name, argument: Roles[Name]): LineProcess {
    return new LineProcess(children, name, roleCommand(name, argument));
  }

  private constructor(children: Children, role: string, command: readonly string[]) {
    this.#children = children;
    this.#what = role;
    this.#child = children.start(process.execPath, command);
    this.#complaints = collect(this.#child.stderr);
    this.#lines = createInterface({ input: this.#child.stdout });
  }

  /** The next line it prints; throws when it ends before. */
  nextLine(): Promise<string> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`the role ${this.#what} ended: ${this.#complaints()}`));
      this.#child.once('close', ended);
      this.#lines.once('line', (line) => {
        this.#child.off('close', ended);
        resolve(line);
      });
    });
  }

  ask(line: string): Promise<string> {
    const told = this.nextLine();
    this.#child.stdin.write(`${line}\n`);
    return told;
  }

  stop(): Promise<void> {
    return this.#children.kill(this.#child);
  }
}
