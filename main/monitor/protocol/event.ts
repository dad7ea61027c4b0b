import { print, type Printable } from '../wire/json.ts';

export interface QmpEvent {
  readonly event: string;
  readonly data?: { readonly [member: string]: Printable } | undefined;
}

/** @param nowMs milliseconds since 1970 */
export function printEvent({ event, data }: QmpEvent, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  const microseconds = Math.floor((nowMs % 1000) * 1000);
  return print({ timestamp: { seconds, microseconds }, event, data });
}
