import { z } from 'zod';
import { err, ok, type Result } from './result.ts';

const portSchema = z.number().int().min(1).max(65535);

/** A port of this computer whose connections go to a port of a guest. Only this computer itself can use it. */
export const portForwardSchema = z.object({
  protocol: z.enum(['tcp', 'udp']),
  hostPort: portSchema,
  guestPort: portSchema,
});

/** More than anybody has typed yet, and few enough for a command line. */
export const MOST_FORWARDS = 32;

/** No port of this computer can go to two places. */
export const portForwardsSchema = z
  .array(portForwardSchema)
  .max(MOST_FORWARDS)
  .refine((forwards) => duplicateOf(forwards) === null, 'a port is forwarded twice');

export type PortForward = z.infer<typeof portForwardSchema>;

/** As it is typed: `tcp:2222:22`, the port of this computer first. */
export function formatForward({ protocol, hostPort, guestPort }: PortForward): string {
  return `${protocol}:${hostPort}:${guestPort}`;
}

/** The port of this computer, as people name it: `tcp port 2222`. */
export function hostPortName({ protocol, hostPort }: Pick<PortForward, 'protocol' | 'hostPort'>): string {
  return `${protocol} port ${hostPort}`;
}

/** @param text `tcp:2222:22`, or without `tcp:` */
export function parseForward(text: string): Result<PortForward> {
  const [, protocol = 'tcp', host, guest] = /^\s*(?:(tcp|udp):)?(\d{1,5}):(\d{1,5})\s*$/.exec(text) ?? [];
  const parsed = portForwardSchema.safeParse({ protocol, hostPort: Number(host), guestPort: Number(guest) });
  if (parsed.success) return ok(parsed.data);
  return err(
    'invalid-argument',
    `'${text}' is no port to forward; write tcp:2222:22 to reach port 22 of the guest at port 2222 of this computer`,
  );
}

/** Several, with commas between them, as they are typed. */
export function parseForwards(text: string): Result<readonly PortForward[]> {
  const forwards: PortForward[] = [];
  for (const part of text.split(',').filter((typed) => typed.trim() !== '')) {
    const forward = parseForward(part);
    if (!forward.ok) return forward;
    forwards.push(forward.value);
  }
  return checkForwards(forwards);
}

/** Refuses more than there can be, and a port that is to lead to two places. */
export function checkForwards(forwards: readonly PortForward[]): Result<readonly PortForward[]> {
  const twice = duplicateOf(forwards);
  if (twice !== null) return err('invalid-argument', `${hostPortName(twice)} is forwarded twice`);
  if (forwards.length <= MOST_FORWARDS) return ok(forwards);
  return err('invalid-argument', `At most ${MOST_FORWARDS} ports can be forwarded`);
}

/** The first that takes a port of this computer which one before it has; null where there is none. */
export function duplicateOf(forwards: readonly PortForward[]): PortForward | null {
  const taken = new Set<string>();
  for (const forward of forwards) {
    const name = hostPortName(forward);
    if (taken.has(name)) return forward;
    taken.add(name);
  }
  return null;
}
