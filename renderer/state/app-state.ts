import type { ActivityView } from '../../shared/ipc/activities.ts';
import type { ApplianceView, MasterView } from '../../shared/ipc/catalog.ts';
import type { FeedView } from '../../shared/ipc/feeds.ts';
import type { DiskView, MachineView } from '../../shared/ipc/machines.ts';
import type { RequestAnswer, RequestInput, RequestName } from '../../shared/ipc/contract.ts';
import type { Preferences, PreferencesChange } from '../../shared/preferences.ts';
import { explain, m } from '../i18n/index.ts';
import type { Client } from './client.ts';
import { Collection } from './collection.ts';
import { Document } from './document.ts';
import { loadCatalog } from './load-catalog.ts';
import { noticeText } from './notice-text.ts';
import { Notices } from './notices.ts';
import { RateHistories } from './rate-history.ts';

/** All that a window knows, kept current by news from the main process. */
export class AppState {
  readonly #client: Client;
  readonly machines: Collection<MachineView>;
  readonly disks: Collection<DiskView>;
  readonly catalog: Document<readonly ApplianceView[]>;
  readonly masters: Document<readonly MasterView[]>;
  readonly feeds: Document<readonly FeedView[]>;
  readonly preferences: Document<Preferences>;
  readonly activities: Collection<ActivityView>;
  readonly notices = new Notices();
  /** When the window began to hear what happens, in milliseconds since 1970. */
  readonly openedAtMs = Date.now();
  readonly rates = new RateHistories();

  constructor(client: Client) {
    this.#client = client;
    this.machines = new Collection(() => client.request('machines.list', null));
    this.disks = new Collection(() => client.request('disks.list', null));
    this.activities = new Collection(() => client.request('activities.list', null));
    this.catalog = new Document(() => loadCatalog(client.request));
    this.masters = new Document(() => client.request('masters.list', null));
    this.feeds = new Document(() => client.request('feeds.list', null));
    this.preferences = new Document(() => client.request('preferences.get', null));
  }

  /** Listens first and asks then, so that nothing falls in between. @returns a function that ends it */
  connect(): () => void {
    const { subscribe } = this.#client;
    const { activities, catalog, masters, feeds } = this;
    const ends = [
      subscribe('machine.changed', (machine) => this.machines.put(machine), gap(this.machines)),
      subscribe('machine.removed', ({ id }) => this.machines.remove(id), gap(this.machines)),
      subscribe('disk.changed', (disk) => this.#diskChanged(disk), gap(this.disks)),
      subscribe('disk.removed', ({ id }) => this.#diskRemoved(id), gap(this.disks)),
      subscribe('activity.changed', (activity) => activities.put(activity), gap(activities)),
      subscribe('activity.removed', ({ id }) => activities.remove(id), gap(activities)),
      this.#followPreferences(),
      subscribe('catalog.changed', () => this.#catalogChanged(), gap(catalog)),
      subscribe('masters.changed', gap(masters), gap(masters)),
      subscribe('feeds.changed', (views) => feeds.put(views), gap(feeds)),
      subscribe(
        'notice',
        (notice) => this.notices.add(notice.level, () => noticeText(notice, m().happened, explain)),
        () => undefined,
      ),
    ];
    for (const part of [catalog, this.machines, this.disks, activities, masters, feeds]) void part.reload();
    return () => ends.forEach((end) => end());
  }

  /** What the console of one machine needs; what everybody should know, the main window tells. */
  connectConsole(machineId: string): () => void {
    const { subscribe } = this.#client;
    const { machines, disks } = this;
    const ends = [
      subscribe('machine.changed', (one) => one.id === machineId && machines.put(one), gap(machines)),
      subscribe('disk.changed', (disk) => disk.machineId === machineId && disks.put(disk), gap(disks)),
      this.#followPreferences(),
    ];
    void machines.reload();
    return () => ends.forEach((end) => end());
  }

  /** Asks; a failure becomes a notice. @returns what was answered, undefined after a failure */
  async run<Name extends RequestName>(
    name: Name,
    input: RequestInput<Name>,
  ): Promise<RequestAnswer<Name> | undefined> {
    const result = await this.#client.request(name, input);
    if (result.ok) return result.value;
    const { failure } = result;
    if (failure.code !== 'cancelled') this.notices.add('error', () => explain(failure));
    return undefined;
  }

  /** Like `run`, for who shows the failure in its own place. */
  get request(): Client['request'] {
    return this.#client.request;
  }

  async changePreferences(change: PreferencesChange): Promise<boolean> {
    const changed = await this.run('preferences.set', change);
    if (changed) this.preferences.put(changed);
    return changed !== undefined;
  }

  /** The newest word on a machine's disks. */
  disksOf(machine: MachineView): readonly DiskView[] {
    return machine.disks.map((disk) => this.disks.get(disk.id) ?? disk);
  }

  #followPreferences(): () => void {
    const { preferences } = this;
    void preferences.reload();
    return this.#client.subscribe(
      'preferences.changed',
      (changed) => preferences.put(changed),
      gap(preferences),
    );
  }

  #diskChanged(disk: DiskView): void {
    this.disks.put(disk);
    this.rates.add(disk.id, performance.now(), disk.rate);
  }

  #diskRemoved(id: string): void {
    this.disks.remove(id);
    this.rates.forget(id);
  }

  #catalogChanged(): void {
    void this.catalog.reload();
    void this.masters.reload();
  }
}

/** News was missed: the whole list is asked for. */
function gap(list: { reload(): Promise<void> }): () => void {
  return () => void list.reload();
}
