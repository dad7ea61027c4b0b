import { Session, type Profiler } from 'node:inspector';

const US_PER_MS = 1000;
/** Often enough to tell what a block of 16 ms was, seldom enough not to be one. */
const INTERVAL_US = 1000;

/** What the thread was at while a sample was taken. */
export type Doing = 'idle' | 'opening a window' | 'other work';

interface Sample {
  /** When it ended, and how long it stands for; in milliseconds of `performance.now()`. */
  readonly atMs: number;
  readonly lengthMs: number;
  readonly doing: Doing;
}

export interface Profiled {
  readonly samples: readonly Sample[];
  /** As Chromium's developer tools show it. */
  readonly profile: Profiler.Profile;
  /** From the profile's clock to `performance.now()`. */
  readonly offsetMs: number;
}

/** Samples what the thread does that it runs in, by V8's own profiler. */
export class ThreadProfile {
  readonly #session = new Session();

  start(): void {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
    this.#session.post('Profiler.start');
  }

  /** @returns the samples, and what they were taken from */
  stop(): Promise<Profiled> {
    return new Promise((resolve, reject) => {
      this.#session.post('Profiler.stop', (error, { profile }) => {
        this.#session.disconnect();
        if (error) reject(error);
        else resolve(profiled(profile));
      });
    });
  }
}

function profiled(profile: Profiler.Profile): Profiled {
  const { nodes, samples = [], timeDeltas = [], startTime } = profile;
  const doing = new Map<number, Doing>();
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const known = new Map(nodes.map((node) => [node.id, node]));
  for (const node of nodes) {
    const names: string[] = [];
    for (let at: number | undefined = node.id; at !== undefined; at = parents.get(at)) {
      names.push(known.get(at)?.callFrame.functionName ?? '');
    }
    doing.set(node.id, doingOf(names));
  }
  // V8's clock and `performance.now()` are the same one, which began at another moment.
  const offsetMs = performance.now() - Number(process.hrtime.bigint() / 1000n) / US_PER_MS;
  let atUs = startTime;
  const all = samples.map((node, index): Sample => {
    const lengthUs = timeDeltas[index] ?? 0;
    atUs += lengthUs;
    return {
      atMs: atUs / US_PER_MS + offsetMs,
      lengthMs: lengthUs / US_PER_MS,
      doing: doing.get(node) ?? 'other work',
    };
  });
  return { samples: all, profile, offsetMs };
}

/** @param names of the functions on the stack, the innermost first */
function doingOf(names: readonly string[]): Doing {
  if (names[0] === '(idle)') return 'idle';
  // See `main/app/windows/windows.ts`: it makes Electron's window, and little else.
  return names.includes('showConsole') || names.includes('showMain') ? 'opening a window' : 'other work';
}
