import { DONE, err, ok, type Result } from '../../shared/result.ts';
import { wayOut } from './backups.ts';
import { openDatabase, type Database, type DatabaseOptions } from './database.ts';
import { failureFromSqlite } from './sqlite-failure.ts';
import { ApplianceTable } from './tables/appliances.ts';
import { BootProfileTable } from './tables/boot-profiles.ts';
import { DiskTable } from './tables/disks.ts';
import { EventTable } from './tables/events.ts';
import { FeedTable } from './tables/feeds.ts';
import { MachineTable } from './tables/machines.ts';
import { MasterTable } from './tables/masters.ts';
import { PassingFileTable } from './tables/passing-files.ts';
import { PreferenceTable } from './tables/preferences.ts';
import { SavedStateTable } from './tables/saved-states.ts';
import { StreamTable } from './tables/streams.ts';
import { SurveyTable } from './tables/surveys.ts';
import { WindowTable } from './tables/windows.ts';

/** The tables, to be used inside {@link Catalog.read}, {@link Catalog.change} or {@link Catalog.note} only. */
export interface Tables {
  readonly feeds: FeedTable;
  readonly appliances: ApplianceTable;
  readonly masters: MasterTable;
  readonly bootProfiles: BootProfileTable;
  readonly machines: MachineTable;
  readonly savedStates: SavedStateTable;
  readonly disks: DiskTable;
  readonly streams: StreamTable;
  readonly surveys: SurveyTable;
  readonly passingFiles: PassingFileTable;
  readonly events: EventTable;
  readonly preferences: PreferenceTable;
  readonly windows: WindowTable;
}

/**
 * What Headwater remembers: a SQLite database in one file, with one owner at a time.
 *
 * Statements run in the calling thread; each takes microseconds, and nothing here may grow with the size of a disk.
 * Whatever SQLite refuses, and rows that lost their form, come back as failures; after {@link close}
 * everything fails with `closed`.
 */
export class Catalog {
  readonly path: string;
  readonly #db: Database;
  readonly #tables: Tables;

  /** Fails as {@link openDatabase} does; never replaces a file. */
  static open(file: string, options: DatabaseOptions): Result<Catalog> {
    const db = openDatabase(file, options);
    return db.ok ? ok(new Catalog(file, db.value)) : db;
  }

  private constructor(file: string, db: Database) {
    this.path = file;
    this.#db = db;
    this.#tables = {
      feeds: new FeedTable(db),
      appliances: new ApplianceTable(db),
      masters: new MasterTable(db),
      bootProfiles: new BootProfileTable(db),
      machines: new MachineTable(db),
      savedStates: new SavedStateTable(db),
      disks: new DiskTable(db),
      streams: new StreamTable(db),
      surveys: new SurveyTable(db),
      passingFiles: new PassingFileTable(db),
      events: new EventTable(db),
      preferences: new PreferenceTable(db),
      windows: new WindowTable(db),
    };
  }

  /** Reads from one state of the database. */
  read<T>(work: (tables: Tables) => T): Result<T> {
    return this.#run('read', () => this.#db.transaction(() => work(this.#tables))());
  }

  /** Changes everything or nothing, durably: what the user did, and every step of something that spans files. */
  change<T>(work: (tables: Tables) => T): Result<T> {
    return this.#run('write', () => this.#db.transaction(() => work(this.#tables)).immediate());
  }

  /** As {@link change} for what may be lost in a power cut: counts, events, places of windows. Saves a sync. */
  note<T>(work: (tables: Tables) => T): Result<T> {
    return this.#run('write', () => {
      this.#db.pragma('synchronous = NORMAL');
      try {
        return this.#db.transaction(() => work(this.#tables)).immediate();
      } finally {
        this.#db.pragma('synchronous = FULL');
      }
    });
  }

  close(): Result<void> {
    if (!this.#db.open) return DONE;
    return this.#run('close', () => {
      this.#db.pragma('optimize');
      this.#db.close();
    });
  }

  #run<T>(what: string, work: () => T): Result<T> {
    if (!this.#db.open) return err('closed', `The catalog '${this.path}' is closed`);
    try {
      return ok(work());
    } catch (error) {
      const failed = failureFromSqlite(error, `Could not ${what} the catalog '${this.path}'`);
      if (failed.failure.code !== 'malformed') return failed;
      const message = `${failed.failure.message}. ${wayOut(this.path)}`;
      return { ok: false, failure: { ...failed.failure, message } };
    }
  }
}
