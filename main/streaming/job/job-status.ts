/** States of QEMU's job machine (`JobStatus`, job.c). A stream job never becomes `ready`. */
export const JOB_STATUSES = [
  'created',
  'running',
  'paused',
  'ready',
  'standby',
  'waiting',
  'pending',
  'aborting',
  'concluded',
  'null',
] as const;

export type JobStatus = (typeof JOB_STATUSES)[number];

/** What QEMU's job machine can be asked, as far as a stream job knows it. */
export type JobVerb = 'cancel' | 'pause' | 'resume' | 'set-speed' | 'complete' | 'finalize' | 'dismiss';

/** `JobSTT` of job.c. */
const NEXT: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  created: ['running', 'aborting', 'null'],
  running: ['paused', 'ready', 'waiting', 'aborting'],
  paused: ['running'],
  ready: ['standby', 'waiting', 'aborting'],
  standby: ['ready'],
  waiting: ['pending', 'aborting'],
  pending: ['aborting', 'concluded'],
  aborting: ['aborting', 'concluded'],
  concluded: ['null'],
  null: [],
};

const WHILE_IT_WORKS: readonly JobStatus[] = ['created', 'running', 'paused', 'ready', 'standby'];

/** `JobVerbTable` of job.c. */
const ALLOWED: Readonly<Record<JobVerb, readonly JobStatus[]>> = {
  cancel: [...WHILE_IT_WORKS, 'waiting', 'pending'],
  pause: WHILE_IT_WORKS,
  resume: WHILE_IT_WORKS,
  'set-speed': WHILE_IT_WORKS,
  complete: ['ready', 'standby'],
  finalize: ['pending'],
  dismiss: ['concluded'],
};

export function mayFollow(from: JobStatus, to: JobStatus): boolean {
  return NEXT[from].includes(to);
}

export function accepts(status: JobStatus, verb: JobVerb): boolean {
  return ALLOWED[verb].includes(status);
}
