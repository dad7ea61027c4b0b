import type { BenchCase } from '../bench.ts';
import { appBoot } from './app/boot.ts';
import { appMainThread } from './app/main-thread.ts';
import { appMemory } from './app/memory.ts';
import { appScroll } from './app/scroll.ts';
import { appStart } from './app/start.ts';
import { appSuspend } from './app/suspend.ts';
import { bootDebian, bootTinyLinux } from './boot/index.ts';
import { instantDebian, instantTinyLinux } from './boot/instant.ts';
import { qemuBackEnd } from './boot/qemu-backend.ts';
import { allocatingWrites } from './allocating-writes.ts';
import { consoleCost } from './console-cost.ts';
import { guestLatency } from './guest-latency.ts';
import { httpStream } from './http-stream.ts';
import { localStream } from './local-stream.ts';
import { memory } from './memory.ts';
import { nbd } from './nbd.ts';
import { nbdLatency } from './nbd-latency.ts';
import { openTime } from './open-time.ts';
import { randomReads } from './random-reads.ts';
import { verifiedStream } from './verified-stream.ts';

/** In the order they are run and printed. */
export const CASES: readonly BenchCase[] = [
  localStream,
  httpStream,
  verifiedStream,
  allocatingWrites,
  randomReads,
  nbd,
  openTime,
  memory,
  guestLatency,
  nbdLatency,
  consoleCost,
  bootTinyLinux,
  bootDebian,
  instantTinyLinux,
  instantDebian,
  qemuBackEnd,
  appStart,
  appBoot,
  appSuspend,
  appMainThread,
  appMemory,
  appScroll,
];
