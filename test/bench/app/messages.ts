/** What passes between the bench and the app it measures, over the channel Node gives a child process. */
import { z } from 'zod';

/** What the app is asked to do; every order is answered once. */
export const orderSchema = z.discriminatedUnion('order', [
  /** Runs a script in the page of the main window; the answer is its value. */
  z.object({ order: z.literal('page'), id: z.number(), script: z.string() }),
  z.object({ order: z.literal('watch'), id: z.number() }),
  /** The answer is a `Blocks`. */
  z.object({ order: z.literal('stop-watch'), id: z.number() }),
  z.object({ order: z.literal('close-consoles'), id: z.number() }),
  /** Presses Enter on the serial line of the machine started last; the answer is when it said something to that. */
  z.object({ order: z.literal('press-enter'), id: z.number() }),
]);

export const fromAppSchema = z.union([
  /** Something happened, at a moment in milliseconds since 1970. */
  z.object({ moment: z.string(), atMs: z.number() }),
  z.object({ answers: z.number(), failed: z.string() }),
  z.object({ answers: z.number(), value: z.unknown().optional() }),
]);

export type Order = z.infer<typeof orderSchema>;
export type FromApp = z.infer<typeof fromAppSchema>;
