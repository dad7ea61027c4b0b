/** A viewer's connection, whatever carries it: bytes both ways, cut into messages as they come. */
export interface RfbChannel {
  /** So much waits to be sent that more should not be made. */
  readonly congested: boolean;
  /** Called once, before anything else. */
  listen(listener: ChannelListener): void;
  /** Takes the bytes, and the whole buffer they lie in, away from the caller. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** `reason` is a sentence for people; null when nothing is wrong. Nothing is called afterwards. */
  close(reason: string | null): void;
}

export interface ChannelListener {
  /** The bytes may be kept. */
  onBytes(bytes: Uint8Array): void;
  /** No longer congested. */
  onDrain(): void;
  /** The viewer is gone. */
  onClose(): void;
}
