import { HANDSHAKE, INFO, MAGIC, OPTION, OPTION_HEADER_BYTES, REPLY } from '../../block/nbd/protocol.ts';
import type { NbdExport } from '../export.ts';
import type { ExportTable } from '../export-table.ts';
import { CONTEXTS } from '../transmission/block-status.ts';
import type { Agreement } from '../transmission/check-request.ts';
import type { HandshakeStream } from '../../block/nbd/handshake-stream.ts';
import { readContextQuery, readInfoQuery, selectContexts, textOf } from './option-data.ts';
import {
  blockSizeInfo,
  contextReply,
  descriptionInfo,
  exportInfo,
  exportNameReply,
  greeting,
  listed,
  nameInfo,
  optionReply,
} from './option-replies.ts';

/** Longest option that makes sense: a name and a few dozen queries. Longer ones end the connection. */
const MAX_OPTION_BYTES = 64 * 1024;

export interface NegotiationParts {
  readonly exports: ExportTable;
  /** Goes on over TLS; null where that is not offered, in which case nobody is asked for it either. */
  readonly startTls: ((plain: HandshakeStream) => Promise<HandshakeStream | null>) | null;
}

/** What a client wants to use, and how. */
export interface Negotiated {
  readonly export: NbdExport;
  readonly agreement: Agreement;
  readonly stream: HandshakeStream;
}

interface Option {
  readonly code: number;
  readonly data: Buffer;
}

/** What to do after an option: go on with the next, leave it, or begin. */
type Step = 'next' | 'over' | { readonly export: NbdExport };

/** Fixed newstyle negotiation, from the greeting to the choice of an export. */
export class Negotiation {
  readonly #parts: NegotiationParts;
  #stream: HandshakeStream;
  #noZeroes = false;
  #secure = false;
  #structured = false;
  #contexts: { readonly exportName: string; readonly names: readonly string[] } | null = null;

  constructor(stream: HandshakeStream, parts: NegotiationParts) {
    this.#stream = stream;
    this.#parts = parts;
  }

  /** @returns null when the client leaves, or breaks the protocol */
  async run(): Promise<Negotiated | null> {
    await this.#stream.send(greeting());
    const flags = (await this.#stream.take(4))?.readUInt32BE() ?? null;
    if (flags === null || (flags & ~(HANDSHAKE.fixedNewstyle | HANDSHAKE.noZeroes)) !== 0) return null;
    this.#noZeroes = (flags & HANDSHAKE.noZeroes) !== 0;
    for (;;) {
      const option = await this.#readOption();
      if (option === null) return null;
      const step = await this.#answer(option);
      if (step === 'over') return null;
      if (step !== 'next') return this.#agreed(step.export);
    }
  }

  async #readOption(): Promise<Option | null> {
    const header = await this.#stream.take(OPTION_HEADER_BYTES);
    if (header === null || header.readBigUInt64BE(0) !== MAGIC.option) return null;
    const length = header.readUInt32BE(12);
    if (length > MAX_OPTION_BYTES) return null;
    const data = await this.#stream.take(length);
    return data && { code: header.readUInt32BE(8), data };
  }

  async #answer(option: Option): Promise<Step> {
    if (option.code === OPTION.abort) {
      await this.#reply(option, REPLY.ack);
      return 'over';
    }
    if (option.code === OPTION.startTls) return this.#startTls(option);
    if (this.#parts.startTls !== null && !this.#secure) {
      // The reply to an export name cannot say why.
      if (option.code === OPTION.exportName) return 'over';
      return this.#reply(option, REPLY.errTlsRequired, 'this server is used over TLS only');
    }
    switch (option.code) {
      case OPTION.exportName:
        return this.#exportName(option);
      case OPTION.list:
        return this.#list(option);
      case OPTION.info:
      case OPTION.go:
        return this.#info(option);
      case OPTION.structuredReply:
        if (option.data.length > 0) return this.#reply(option, REPLY.errInvalid);
        this.#structured = true;
        return this.#reply(option, REPLY.ack);
      case OPTION.listMetaContext:
      case OPTION.setMetaContext:
        return this.#metaContext(option);
      default:
        return this.#reply(option, REPLY.errUnsupported);
    }
  }

  async #startTls(option: Option): Promise<Step> {
    if (this.#parts.startTls === null) {
      return this.#reply(option, REPLY.errPolicy, 'this server does not use TLS');
    }
    if (option.data.length > 0 || this.#secure) return this.#reply(option, REPLY.errInvalid);
    // What somebody put in before the encryption must not be taken for what comes under its protection.
    if (this.#stream.hasMore) return 'over';
    await this.#reply(option, REPLY.ack);
    const secure = await this.#parts.startTls(this.#stream);
    if (secure === null) return 'over';
    this.#stream = secure;
    this.#secure = true;
    this.#structured = false;
    this.#contexts = null;
    return 'next';
  }

  async #exportName(option: Option): Promise<Step> {
    const name = textOf(option.data);
    const served = name === null ? null : this.#parts.exports.find(name);
    if (served === null) return 'over';
    await this.#stream.send(exportNameReply(served, this.#structured, this.#noZeroes));
    return { export: served };
  }

  async #list(option: Option): Promise<Step> {
    if (option.data.length > 0) return this.#reply(option, REPLY.errInvalid);
    const entries = this.#parts.exports
      .all()
      .map((one) => optionReply(option.code, REPLY.server, listed(one)));
    await this.#stream.send(...entries, optionReply(option.code, REPLY.ack));
    return 'next';
  }

  async #info(option: Option): Promise<Step> {
    const query = readInfoQuery(option.data);
    if (query === null) return this.#reply(option, REPLY.errInvalid);
    const served = this.#parts.exports.find(query.exportName);
    if (served === null) return this.#unknown(option, query.exportName);
    const wants = (kind: number) => query.wanted.includes(kind);
    const { description } = served;
    const infos = [exportInfo(served, this.#structured)];
    if (wants(INFO.name)) infos.push(nameInfo(served));
    if (wants(INFO.description) && description !== undefined) infos.push(descriptionInfo(description));
    if (wants(INFO.blockSize) || served.blockSizes !== undefined) infos.push(blockSizeInfo(served));
    const replies = infos.map((info) => optionReply(option.code, REPLY.info, info));
    await this.#stream.send(...replies, optionReply(option.code, REPLY.ack));
    return option.code === OPTION.go ? { export: served } : 'next';
  }

  async #metaContext(option: Option): Promise<Step> {
    const query = readContextQuery(option.data);
    if (query === null || !this.#structured) return this.#reply(option, REPLY.errInvalid);
    const setting = option.code === OPTION.setMetaContext;
    if (setting) this.#contexts = null;
    const served = this.#parts.exports.find(query.exportName);
    if (served === null) return this.#unknown(option, query.exportName);
    const everything = !setting && query.queries.length === 0;
    const names = everything ? CONTEXTS : selectContexts(CONTEXTS, query.queries, !setting);
    if (setting) this.#contexts = { exportName: served.name, names };
    const entries = names.map((name, index) =>
      optionReply(option.code, REPLY.metaContext, contextReply(setting ? index + 1 : 0, name)),
    );
    await this.#stream.send(...entries, optionReply(option.code, REPLY.ack));
    return 'next';
  }

  #unknown(option: Option, name: string): Promise<Step> {
    return this.#reply(option, REPLY.errUnknown, `there is no export '${name.slice(0, 200)}'`);
  }

  async #reply({ code }: Option, type: number, message = ''): Promise<Step> {
    await this.#stream.send(optionReply(code, type, Buffer.from(message)));
    return 'next';
  }

  #agreed(served: NbdExport): Negotiated {
    const contexts = this.#contexts?.exportName === served.name ? this.#contexts.names : [];
    return {
      export: served,
      agreement: { structured: this.#structured, contexts },
      stream: this.#stream,
    };
  }
}
