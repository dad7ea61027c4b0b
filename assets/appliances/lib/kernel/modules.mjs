// Kernel modules: which ones another needs, and in what order they must be loaded.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { filesBelow } from '../elf.mjs';

const SIGNATURE_END = Buffer.from('~Module signature appended~\n');
/** Bytes of the record between a module's signature and the closing text; the signature's length is its last field. */
const SIGNATURE_RECORD_BYTES = 12;

export class ModuleCollection {
  #files = new Map();
  #folder;

  /** @param {string} folder the package's lib/modules/VERSION */
  constructor(folder) {
    this.#folder = folder;
    for (const path of filesBelow(folder)) {
      if (path.endsWith('.ko')) this.#files.set(plain(basename(path, '.ko')), path.slice(1));
    }
  }

  /** Path of a module's file below the folder of its kernel version. */
  path(name) {
    const path = this.#files.get(plain(name));
    if (!path) throw new Error(`the kernel has no module ${name}`);
    return path;
  }

  /**
   * The module's content without its signature. Nothing enforces signatures here, and checking one costs an emulated
   * processor far more than loading the module does.
   */
  content(name) {
    const bytes = readFileSync(join(this.#folder, this.path(name)));
    const end = bytes.length - SIGNATURE_END.length;
    if (!bytes.subarray(end).equals(SIGNATURE_END)) return bytes;
    return bytes.subarray(0, end - SIGNATURE_RECORD_BYTES - bytes.readUInt32BE(end - 4));
  }

  /** Modules that must be there before this one, nearest last. */
  needs(name) {
    const facts = readFileSync(join(this.#folder, this.path(name))).toString('latin1');
    const depends = /\0depends=([^\0]*)/.exec(facts)?.[1].split(',') ?? [];
    const before = [...facts.matchAll(/\0softdep=pre: ([^\0]*)/g)].flatMap(([, names]) => names.split(' '));
    // A soft dependency may name something built into the kernel or an alias, which is then simply not a file.
    return [...depends.filter(Boolean), ...before.filter((other) => this.#files.has(plain(other)))].map(
      plain,
    );
  }

  /** The named modules and all they need, in an order in which each can be loaded after those before it. */
  inLoadOrder(names) {
    const order = [];
    const visit = (name) => {
      if (order.includes(plain(name))) return;
      this.needs(name).forEach(visit);
      order.push(plain(name));
    };
    names.forEach(visit);
    return order;
  }

  /** The text file modprobe looks up dependencies in. */
  dependencyFile(names) {
    const line = (name) => {
      const needed = this.inLoadOrder([name]).slice(0, -1).reverse();
      return `${this.path(name)}:${needed.map((other) => ` ${this.path(other)}`).join('')}\n`;
    };
    return names.map(line).join('');
  }
}

/** File names use dashes or underscores as they please, the kernel only underscores. */
const plain = (name) => name.replaceAll('-', '_');
