import type { MessagePort } from 'node:worker_threads';
import type { Failure, Result } from '../../../shared/result.ts';
import type { DiskWait, MachineProgress, ResumeOrder, SaveOrder, Started } from '../machine.ts';
import type { StallLimits } from './stall.ts';
import type { Hold } from './pause-gate.ts';

/** Contents of the PC's firmware files. */
export interface Firmware {
  /** SeaBIOS, 128 KiB. */
  readonly bios: Uint8Array;
  /** Its VGA BIOS for the standard VGA. */
  readonly vgaBios: Uint8Array;
}

/** What the worker thread is started with. */
export interface V86WorkerData {
  readonly memoryMiB: number;
  readonly firmware: Firmware;
  /** Client end of a port served by `serveBlockDevice`. */
  readonly disk: MessagePort;
  readonly stall: StallLimits;
  /** What viewers show as the title. */
  readonly name: string;
  /** The saved state to go on from; null to start from the disk. */
  readonly resume: ResumeOrder | null;
}

export type SessionCommand = 'pause' | 'resume' | 'reset' | 'stop';

/** What is asked of a session, and what it answers when it can. */
export type SessionAnswers = Readonly<Record<SessionCommand, void>> & {
  readonly screenshot: Uint8Array<ArrayBuffer>;
  readonly 'screen-text': readonly string[] | null;
  readonly type: { readonly left: number };
  /** Whether the guest did what it was asked for. */
  readonly rest: boolean;
  /** Size of the saved state's file in bytes. */
  readonly save: number;
};

export type SessionRequest =
  | { readonly kind: SessionCommand | 'screenshot' | 'screen-text' | 'rest' }
  | { readonly kind: 'type'; readonly text: string }
  | { readonly kind: 'save'; readonly order: SaveOrder };

/** From the machine in the main thread to its emulator's thread. */
export type ToSession =
  | { readonly kind: 'request'; readonly id: number; readonly request: SessionRequest }
  | { readonly kind: 'serial'; readonly bytes: Uint8Array }
  | { readonly kind: 'scancodes'; readonly codes: readonly number[] }
  /** A viewer of the screen: RFB. The port is in the transfer list. */
  | { readonly kind: 'viewer'; readonly port: MessagePort };

export type SessionResult = Result<SessionAnswers[keyof SessionAnswers]>;

/** And back. */
export type FromSession =
  | { readonly kind: 'started'; readonly result: Result<Started> }
  | { readonly kind: 'reply'; readonly id: number; readonly result: SessionResult }
  | { readonly kind: 'holds'; readonly holds: readonly Hold[] }
  | { readonly kind: 'wait'; readonly wait: DiskWait | null }
  | { readonly kind: 'serial'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'progress'; readonly progress: MachineProgress }
  | { readonly kind: 'halted' }
  /** How much of the state is saved, from 0 to 1. */
  | { readonly kind: 'saving'; readonly fraction: number }
  /** The disk's thread is gone. */
  | { readonly kind: 'lost'; readonly failure: Failure };
