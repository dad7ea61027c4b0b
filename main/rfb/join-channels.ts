import type { RfbChannel } from './channel.ts';

/**
 * Connects a viewer with a server that somebody else runs: what comes from one goes to the other, and both end
 * together. Neither sends more than the other asks for (RFC 6143, 7.5.3), so nothing is held back here.
 */
export function joinChannels(viewer: RfbChannel, server: RfbChannel): void {
  const pass = (from: RfbChannel, to: RfbChannel) => {
    from.listen({
      onBytes: (bytes) => to.send(Uint8Array.from(bytes)),
      onDrain: () => undefined,
      onClose: () => to.close(null),
    });
  };
  pass(viewer, server);
  pass(server, viewer);
}
