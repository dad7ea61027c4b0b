import type { Socket } from 'node:net';
import type { Result } from '../../shared/result.ts';
import { refuse, type Answer } from './protocol/answer.ts';
import { negotiate, OFFERED } from './protocol/capabilities.ts';
import type { CommandTable } from './protocol/command.ts';
import { printEvent, type QmpEvent } from './protocol/event.ts';
import { checkRequest } from './protocol/request.ts';
import type { Version } from './version.ts';
import { isObject, print, type Json } from './wire/json.ts';
import { MessageReader } from './wire/message-reader.ts';

export interface ClientSurroundings {
  readonly version: Version;
  readonly commands: CommandTable;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Requests that may wait for the one before them; beyond that the client's socket is not read. */
const MOST_WAITING = 8;
/** What a client may leave unread, in bytes, before it is let go. */
const MOST_UNREAD_BYTES = 4 * 1024 * 1024;

/** One client of a monitor: its requests are answered one at a time, in their order. */
export class MonitorClient {
  /** Resolves when the connection is gone. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  readonly #surroundings: ClientSurroundings;
  readonly #waiting: Result<Json>[] = [];
  #negotiated = false;
  #answering = false;
  #closing = false;

  constructor(socket: Socket, surroundings: ClientSurroundings) {
    this.#socket = socket;
    this.#surroundings = surroundings;
    this.ended = new Promise((resolve) => socket.once('close', () => resolve()));
    const reader = new MessageReader((message) => this.#take(message));
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => reader.feed(bytes));
    socket.on('end', () => this.#finish());
    const { version } = surroundings;
    this.#send(print({ QMP: { version, capabilities: OFFERED } }));
  }

  /** Clients hear of nothing before they have agreed on capabilities. */
  tell(event: QmpEvent): void {
    if (this.#negotiated) this.#send(printEvent(event, this.#surroundings.nowMs()));
  }

  /** Answers the request that is being worked on, and no other, then ends the connection. */
  close(): void {
    this.#waiting.length = 0;
    this.#finish();
  }

  /** Takes no more requests, and ends the connection when those that are there have their answer. */
  #finish(): void {
    this.#closing = true;
    if (!this.#answering) this.#socket.end();
  }

  #take(message: Result<Json>): void {
    if (this.#closing) return;
    this.#waiting.push(message);
    if (this.#waiting.length >= MOST_WAITING) this.#socket.pause();
    if (!this.#answering) void this.#answerAll();
  }

  async #answerAll(): Promise<void> {
    this.#answering = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const id = next.ok && isObject(next.value) ? next.value['id'] : undefined;
      const answer = await this.#answer(next);
      this.#send(print({ ...answer, id }));
      if (this.#waiting.length < MOST_WAITING) this.#socket.resume();
    }
    this.#answering = false;
    if (this.#closing) this.#socket.end();
  }

  async #answer(message: Result<Json>): Promise<Answer> {
    const request = message.ok ? checkRequest(message.value) : message;
    if (!request.ok) return refuse(request.failure.message);
    if (this.#negotiated) {
      return this.#surroundings.commands.execute(request.value.command, request.value.arguments);
    }
    const answer = await negotiate(request.value);
    this.#negotiated = 'return' in answer;
    return answer;
  }

  #send(line: string): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.write(`${line}\r\n`);
    if (this.#socket.writableLength > MOST_UNREAD_BYTES) this.#socket.destroy();
  }
}
