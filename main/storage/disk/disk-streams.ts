import type { Clock } from '../../../shared/clock.ts';
import { OneAtATime } from '../../../shared/one-at-a-time.ts';
import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import { QedDevice } from '../../qed/device.ts';
import { WAIT } from '../../streaming/waiting/back-off.ts';
import type { JobListener } from '../../streaming/job/job-events.ts';
import { JobTable } from '../../streaming/job/job-table.ts';
import type { StreamJob, StreamJobInfo } from '../../streaming/job/stream-job.ts';
import { overlayTarget, type StreamTarget } from '../../streaming/job/stream-target.ts';
import type { RateLimit } from '../../streaming/limits/rate-limit.ts';
import type { OrderPolicy } from '../../streaming/order/order-policy.ts';
import { baseTarget } from '../chain/base-target.ts';
import { backingReferenceFor, chainOf, layersOf, nodeNameOf, type ImageChain } from '../chain/image-chain.ts';
import { isRemote } from '../chain/location.ts';
import { openBehind, openChain, type OpenOptions } from '../chain/open.ts';
import type { SourceSeals } from '../chain/source-seals.ts';
import type { DiskSpec, StreamSpec } from './disk-spec.ts';
import { checkFilterName } from './filter-node.ts';
import { findStreamRange } from './stream-range.ts';

export interface DiskStreamsParts {
  readonly spec: DiskSpec;
  /** The topmost image as it is open; null where that is raw. */
  readonly overlay: QedDevice | null;
  readonly clock: Clock;
  readonly limit: RateLimit;
  /** What the sources were when the disk was opened: jobs that open them anew must meet the same. */
  readonly seals: SourceSeals;
  /** True while something comes that is more urgent than all of a job on the topmost image. */
  readonly standsBack: () => boolean;
  /** What to fetch first when the topmost image is filled; asked for each job. */
  readonly order: () => readonly OrderPolicy[];
  readonly listener: JobListener;
}

/** The layers a job is about. Layers keep their names while jobs take others out of the chain. */
interface Nodes {
  readonly top: string;
  readonly between: readonly string[];
  readonly base: string | null;
}

interface OpenTarget {
  readonly target: StreamTarget;
  /** The image opened for this job alone; null where the disk has it open for writing in any case. */
  readonly own: QedDevice | null;
}

/**
 * The streaming jobs of an open disk: what each may touch, and what the chain of images looks like when it is done.
 *
 * A job on the topmost image works on the image that the guest uses. For one on a layer further down that layer is
 * opened a second time, for writing and locked, as long as the job runs. The guest goes on reading the first: no
 * byte of the layer's content changes, more of it is in the layer itself. Afterwards the disk opens anew what is
 * behind its topmost image.
 */
export class DiskStreams {
  readonly #parts: DiskStreamsParts;
  readonly #table: JobTable;
  /** Images that jobs have opened for themselves. */
  readonly #own = new Set<QedDevice>();
  #layers: readonly ImageChain[];
  /** What opens and closes images when jobs start and end, one after the other. */
  readonly #steps = new OneAtATime();
  #topJob: StreamJob | null = null;
  #topJobFillsAll = false;
  /** What lies behind the topmost image is open as it was before a job changed it. */
  #stale = false;

  constructor(parts: DiskStreamsParts) {
    this.#parts = parts;
    this.#layers = layersOf(parts.spec.chain);
    this.#table = new JobTable(parts.listener);
  }

  /** The latest job on the topmost image, also when it has ended. */
  get topJob(): StreamJobInfo | null {
    return this.#topJob?.info() ?? null;
  }

  /** True while a job is at work that makes local whatever the topmost image lacks. */
  get fillsTopmost(): boolean {
    return this.#topJobFillsAll && this.#topJob?.status === 'running';
  }

  /** True while something is being copied for a job on the topmost image, or a job is at work on another one. */
  get copying(): boolean {
    return this.#topJob?.busy === true || this.#own.size > 0;
  }

  /** The images of the disk as they are now, topmost first. */
  get layers(): readonly ImageChain[] {
    return this.#layers;
  }

  /** Every job, oldest first. */
  query(): readonly StreamJobInfo[] {
    return this.#table.query();
  }

  find(id: string): Result<StreamJob> {
    return this.#table.find(id);
  }

  /** Starts a job. Failures carry QEMU's texts where QEMU has the case. */
  start(spec: StreamSpec): Promise<Result<void>> {
    return this.#steps.run(() => this.#start(spec));
  }

  /** Lets every job that waits for its source try again at once. */
  retryNow(): void {
    this.#table.retryNow();
  }

  /** Ends the connections of jobs to sources that may be silent: what they wait for fails. */
  letGo(): void {
    for (const { remote, backing } of this.#own) if (remote) void backing?.close();
  }

  /** Ends every job, resumably, and resolves when what they had open is closed. */
  async end(): Promise<void> {
    await this.#steps.idle();
    await this.#table.cancelAll();
    await this.#steps.idle();
  }

  async #start(spec: StreamSpec): Promise<Result<void>> {
    const found = this.#findNodes(spec);
    if (!found.ok) return found;
    const nodes = found.value;
    const isTopmost = nodes.top === this.#nameAt(0);
    const busy = [nodes.top, ...nodes.between];
    const free = this.#table.checkFree(busy, spec.device ?? this.#parts.spec.deviceName);
    if (!free.ok) return free;
    const filter = checkFilterName(spec.filterNodeName, this.#layers, this.#parts.spec.deviceName);
    if (!filter.ok) return filter;
    const opened = await this.#openTarget(nodes, spec);
    if (!opened.ok) return opened;
    const { target, own } = opened.value;
    const started = this.#table.stream({
      id: spec.jobId ?? (isTopmost ? this.#parts.spec.deviceName : undefined) ?? '',
      target: { ...target, finish: () => this.#finish(nodes, target, own) },
      nodes: busy,
      filterNode: spec.filterNodeName,
      clock: this.#parts.clock,
      speed: spec.speed,
      limit: this.#parts.limit,
      onError: spec.onError,
      order: isTopmost ? this.#parts.order() : [],
      standsBack: isTopmost ? this.#parts.standsBack : undefined,
      autoFinalize: spec.autoFinalize,
      autoDismiss: spec.autoDismiss,
      ...(this.#parts.spec.onSourceLost === 'wait' && { onSourceLost: WAIT }),
    });
    if (!started.ok) {
      await this.#close(own);
      return started;
    }
    if (isTopmost) {
      this.#topJob = started.value;
      this.#topJobFillsAll = nodes.base === null;
    }
    void started.value.done.then(() =>
      this.#steps.run(async () => {
        await this.#close(own);
        await this.#refresh();
      }),
    );
    return DONE;
  }

  #findNodes(spec: StreamSpec): Result<Nodes> {
    const range = findStreamRange(this.#layers, this.#parts.spec.deviceName, spec);
    if (!range.ok) return range;
    const { top, base } = range.value;
    return ok({
      top: this.#nameAt(top),
      between: this.#layers.slice(top + 1, base ?? undefined).map(nodeNameOf),
      base: base === null ? null : this.#nameAt(base),
    });
  }

  async #openTarget(nodes: Nodes, spec: StreamSpec): Promise<Result<OpenTarget>> {
    const chain = this.#chainFrom(nodes.top);
    if (chain.format === 'raw') {
      return err('unsupported', `'${chain.location}' is a raw image: there is nothing to stream into it`);
    }
    if (this.#parts.spec.readOnly || isRemote(chain.location)) {
      return err('read-only', 'Block node is read-only');
    }
    const own = nodes.top === this.#nameAt(0) ? null : await this.#openLayer(chain);
    if (own?.ok === false) return own;
    const overlay = own === null ? this.#parts.overlay : own.value;
    if (overlay === null) throw new Error(`'${chain.location}' is open, but not as a QED image`);
    const target = this.#targetOn(overlay, chain, nodes, spec.backingFile);
    if (target.ok) return ok({ target: target.value, own: own?.value ?? null });
    await this.#close(own?.value ?? null);
    return target;
  }

  async #openLayer(chain: ImageChain): Promise<Result<QedDevice>> {
    const opened = await openChain(chain, { ...this.#options(), readOnly: false });
    if (!opened.ok) return opened;
    if (!(opened.value instanceof QedDevice)) {
      throw new Error(`'${chain.location}' was opened as a QED image and is none`);
    }
    this.#own.add(opened.value);
    // The job changes the file, though not what a guest reads there.
    const changing = nodeNameOf(chain);
    this.#layers = this.#layers.map((layer) =>
      nodeNameOf(layer) === changing ? { ...layer, expected: undefined } : layer,
    );
    return ok(opened.value);
  }

  #targetOn(
    overlay: QedDevice,
    chain: ImageChain,
    nodes: Nodes,
    backingFile: string | undefined,
  ): Result<StreamTarget> {
    const { base } = nodes;
    if (base === null) return overlayTarget(overlay);
    const between = devicesBehind(overlay).slice(0, nodes.between.length);
    if (between.length < nodes.between.length) {
      const message = `'${base}' lies behind a source that is opened only when it is needed`;
      return err('unsupported', `${message}; stream down to a layer above it, or everything`);
    }
    const reference = backingReferenceFor(chain, this.#chainFrom(base));
    return baseTarget(overlay, between, {
      reference: { ...reference, ...(backingFile !== undefined && { name: backingFile }) },
      // Other jobs may have changed what lies behind the base meanwhile.
      open: () => openBehind(this.#chainFrom(base), overlay.lengthBytes, this.#options()),
    });
  }

  /** When a job says that it is complete, its image is whole on the disk, and nobody needs what was between. */
  async #finish(nodes: Nodes, target: StreamTarget, own: QedDevice | null): Promise<Result<void>> {
    const finished = await target.finish();
    if (!finished.ok) return finished;
    this.#layers = this.#layers.filter((layer) => !nodes.between.includes(nodeNameOf(layer)));
    if (own === null) return DONE;
    const closed = await this.#close(own);
    this.#stale = true;
    await this.#steps.run(() => this.#refresh());
    return closed;
  }

  /**
   * Opens what is behind the topmost image as it is now. A job on that image goes on with what it began with, so this
   * waits for its end; where it cannot be done, the guest goes on as well: it reads the same bytes, from further away.
   */
  async #refresh(): Promise<void> {
    const { overlay } = this.#parts;
    const reference = overlay?.image.backing ?? null;
    const behind = chainOf(this.#layers.slice(1));
    if (!this.#stale || overlay === null || reference === null || behind === null) return;
    if (this.#table.isBusy(this.#nameAt(0))) return;
    const opened = await openBehind(behind, overlay.lengthBytes, this.#options());
    if (!opened.ok) return;
    const changed = await overlay.changeBacking(reference, opened.value);
    if (changed.ok) this.#stale = false;
    else if (overlay.backing !== opened.value) await opened.value.close();
  }

  async #close(own: QedDevice | null): Promise<Result<void>> {
    if (own === null) return DONE;
    const closed = await own.close();
    this.#own.delete(own);
    return closed;
  }

  #options(): OpenOptions {
    const { clock, spec, seals } = this.#parts;
    return {
      clock,
      seals,
      readOnly: true,
      deferRemote: spec.onSourceLost === 'wait',
      ...(spec.connections !== undefined && { connections: spec.connections }),
    };
  }

  #nameAt(index: number): string {
    const layer = this.#layers[index];
    if (layer === undefined) throw new Error(`there is no layer ${index}`);
    return nodeNameOf(layer);
  }

  #chainFrom(node: string): ImageChain {
    const chain = chainOf(this.#layers.slice(this.#layers.findIndex((layer) => nodeNameOf(layer) === node)));
    if (chain === null) throw new Error(`there is no layer '${node}'`);
    return chain;
  }
}

/** The QED layers behind an overlay, topmost first, as far as they go. */
function devicesBehind(overlay: QedDevice): QedDevice[] {
  const next = overlay.backing;
  return next instanceof QedDevice ? [next, ...devicesBehind(next)] : [];
}
