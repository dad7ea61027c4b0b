import type { Log } from '../log.ts';

/** A link to the outside, as the user is asked about it. */
export interface OutsideLink {
  readonly address: string;
  /** Who is there, in ASCII and with the port: letters that only look like others are told apart by it. */
  readonly host: string;
}

/** Only what is encrypted on its way and carries no name or password; null for everything else. */
export function outsideLink(address: string): OutsideLink | null {
  if (!URL.canParse(address)) return null;
  const { protocol, host, username, password, href } = new URL(address);
  return protocol === 'https:' && username === '' && password === '' ? { address: href, host } : null;
}

export interface ExternalLinksParts {
  /** Whether the user wants to go there. */
  readonly ask: (link: OutsideLink) => Promise<boolean>;
  /** Opens it in the user's own browser. */
  readonly open: (address: string) => Promise<void>;
  readonly log: Log;
}

/**
 * Opens links of pages in the user's browser. Addresses come from feeds, whose makers nobody knows: so the user is asked
 * first, about one at a time, and sees where it leads.
 */
export class ExternalLinks {
  readonly #parts: ExternalLinksParts;
  #asking = false;

  constructor(parts: ExternalLinksParts) {
    this.#parts = parts;
  }

  follow(address: string): void {
    const link = outsideLink(address);
    if (link === null || this.#asking) this.#parts.log.warn(`a page wanted to open ${address}`);
    else void this.#askAndOpen(link);
  }

  async #askAndOpen(link: OutsideLink): Promise<void> {
    this.#asking = true;
    try {
      if (await this.#parts.ask(link)) await this.#parts.open(link.address);
    } catch (error) {
      this.#parts.log.bug(`opening ${link.address}`, error);
    } finally {
      this.#asking = false;
    }
  }
}
