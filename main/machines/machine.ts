/**
 * What every back end offers: a machine that can be started, driven and stopped.
 *
 * ```
 *              start                            pause · disk slow or failing
 *   created ──────────▶ starting ─────▶ running ─────────────────────────▶ paused
 *                          │  ▲            │  ◀──────────────────────────    │
 *                          │  │            │     resume · disk answers        │
 *                          │  │ start      │ stop · guest halted              │ stop
 *                          │  │            ▼                                  │
 *                          │  └──────── stopped ◀──────── stopping ◀──────────┘
 *                          │                │                 │  a last write or flush failed: back to paused
 *                          ▼                └─ (start again)  ▼
 *                        failed ◀──────── the emulator or the disk's thread died, in any state
 *
 *   kill: any of these ──▶ stopped, at once
 *   save: running, paused ──▶ saving ──▶ paused
 * ```
 */
import type { Failure, Result } from '../../shared/result.ts';
import type { ContentStamp } from '../qed/content-stamp.ts';
import type { ScreenSource } from './screen.ts';

export type MachineState =
  | { readonly kind: 'created' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running' }
  | { readonly kind: 'paused'; readonly by: 'user' }
  /** The guest's disk does not answer; the machine goes on by itself unless {@link DiskWait.retries} says otherwise. */
  | { readonly kind: 'paused'; readonly by: 'disk'; readonly wait: DiskWait }
  /** The guest stands still while its state is written; `fraction` of it, from 0 to 1, is. */
  | { readonly kind: 'saving'; readonly fraction: number }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'stopped'; readonly why: StopReason }
  | { readonly kind: 'failed'; readonly failure: Failure };

export type StopReason = 'requested' | 'guest-halted' | 'killed';

/** Where a state is to be saved, and the name its disk's content will have (`main/qed/content-stamp.ts`). */
export interface SaveOrder {
  /** Must not exist. */
  readonly file: string;
  readonly contentStamp: ContentStamp;
}

/** The state to go on from. */
export interface ResumeOrder {
  readonly file: string;
  /** The name that the disk carries now. */
  readonly contentStamp: ContentStamp | null;
  /** Other machines go on from it too: the guest is told that it is not the one that was saved. */
  readonly shared?: boolean;
}

/** How a machine started. */
export interface Started {
  readonly from: 'disk' | 'saved-state';
  /** Why it did not go on from the saved state, as the end of a sentence. */
  readonly stateRefused: string | null;
}

/** A disk request of the guest that takes long, or fails. */
export interface DiskWait {
  readonly operation: 'read' | 'write' | 'flush';
  /** Guest address and size of the request in bytes; 0 and 0 for a flush. */
  readonly offset: number;
  readonly length: number;
  /** How long the request had been waiting when this was reported, in milliseconds. */
  readonly waitedMs: number;
  /** Why the last try failed; absent while the disk is merely slow. */
  readonly failure?: Failure | undefined;
  /** Failed reads are tried again without end; a failed write or flush waits for `resume`, then is tried again. */
  readonly retries: 'by-itself' | 'on-resume';
}

/** How far the guest has come since the start. Tells a slow guest from a stuck one, whatever the load of the host. */
export interface MachineProgress {
  /** Guest instructions executed; 0 where the back end cannot tell. Stands still while the guest idles. */
  readonly instructions: number;
  readonly readRequests: number;
  readonly readBytes: number;
  readonly writeRequests: number;
  readonly writtenBytes: number;
}

export interface MachineEvents {
  state: MachineState;
  /** Bytes the guest sent to its first serial port. The listener may keep them. */
  serial: Uint8Array;
  /** A disk request has been waiting for about a second, or failed; null when that is over. Comes before a pause. */
  wait: DiskWait | null;
  /** Now and then while the guest runs. */
  progress: MachineProgress;
}

/**
 * Commands return `invalid-argument` when the state does not allow them, and resolve when the new state is reached
 * unless they say otherwise.
 */
export interface Machine {
  readonly name: string;
  readonly state: MachineState;
  readonly wait: DiskWait | null;
  readonly progress: MachineProgress;
  /** Whether {@link save} can do anything at all. */
  readonly canSave: boolean;
  /** The picture; null where the back end cannot show one. */
  readonly screen: ScreenSource | null;

  /**
   * From `created`, `stopped` or `failed`. Goes on from a saved state where one is given and fits, which is not deleted;
   * where it does not fit the guest starts from its disk. Fails when the state's file cannot be read.
   */
  start(resume?: ResumeOrder | null): Promise<Result<Started>>;
  /** Stops the guest's time and makes the disk durable. A failed flush is returned; the machine is paused even so. */
  pause(): Promise<Result<void>>;
  /** Goes on, and tries failed disk requests again. */
  resume(): Promise<Result<void>>;
  /**
   * Asks the guest to shut down, as the button on the front does; resolves when the button was pressed. What happens
   * is up to the guest: watch for `stopped`, offer `stop`.
   */
  powerButton(): Promise<Result<void>>;
  /** The reset button: what the guest has not written is lost to it, what it has written is flushed first. */
  reset(): Promise<Result<void>>;
  /**
   * Pulls the plug after the disk has everything the guest wrote: requests in flight end, then a flush. When that
   * fails the failure is returned and the machine stays paused, so that nothing is lost; `kill` gives up on it.
   */
  stop(): Promise<Result<void>>;
  /** Ends the machine at once. What the disk had acknowledged is still flushed by the disk's own thread. */
  kill(): Promise<Result<void>>;

  /**
   * Writes all of the guest's state but its disk's content into a new file, durably, after the disk is durable. The
   * machine is paused afterwards: what is to go on from the state must not be changed by a guest that goes on as well.
   * When it fails there is no file, and a guest that ran runs again. `unsupported` where the back end cannot do it.
   * @returns the size of the file in bytes
   */
  save(order: SaveOrder): Promise<Result<number>>;

  /** Types into the first serial port. Text is sent as UTF-8. Ignored unless running or paused. */
  sendSerial(data: string | Uint8Array): void;
  /** PC/AT set 1 codes, as the keyboard would send them. Ignored unless running or paused. */
  sendScancodes(codes: readonly number[]): void;

  /** @returns a function that removes the listener. */
  on<Name extends keyof MachineEvents>(
    name: Name,
    listener: (event: MachineEvents[Name]) => void,
  ): () => void;
}

export const NO_PROGRESS: MachineProgress = Object.freeze({
  instructions: 0,
  readRequests: 0,
  readBytes: 0,
  writeRequests: 0,
  writtenBytes: 0,
});

/** True where a guest would lose its power if the program ended. */
export function isOn(state: MachineState): boolean {
  return isAlive(state) || state.kind === 'saving' || state.kind === 'stopping';
}

/** True where it can be started. */
export function isOff(state: MachineState): boolean {
  return state.kind === 'created' || state.kind === 'stopped' || state.kind === 'failed';
}

/** True where the machine has a guest to talk to. */
export function isAlive(state: MachineState): boolean {
  return state.kind === 'running' || state.kind === 'paused';
}
