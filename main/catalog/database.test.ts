import fs from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { listBackups } from './backups.ts';
import { Catalog } from './catalog.ts';
import { openDatabase } from './database.ts';
import { USUAL_HARDWARE } from '../../shared/hardware.ts';
import { MIGRATIONS } from './migrations/index.ts';

const nowMs = () => Date.UTC(2026, 10, 23, 12);
const catalogFile = () => path.join(tempFolder(), 'catalog.db');
const SECOND = 'ALTER TABLE machines ADD COLUMN note TEXT';

function open(file: string, migrations?: readonly string[]) {
  return openDatabase(file, { nowMs, ...(migrations && { migrations }) });
}

describe('the file of the catalog', () => {
  it('is created with its folder', () => {
    const file = path.join(tempFolder(), 'new', 'folder', 'catalog.db');
    const db = unwrap(open(file));
    expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    db.close();
  });

  it('is in WAL mode, checks foreign keys, and syncs every change', () => {
    const db = unwrap(open(catalogFile()));
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
    expect(db.pragma('synchronous', { simple: true })).toBe(2);
    db.close();
  });

  it('has strict tables only', () => {
    const db = unwrap(open(catalogFile()));
    const loose = db
      .prepare("SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0")
      .pluck()
      .all();
    expect(loose.filter((name) => !String(name).startsWith('sqlite_'))).toEqual([]);
    db.close();
  });

  it('has one owner at a time', () => {
    const file = catalogFile();
    const first = unwrap(open(file));
    expect(open(file)).toMatchObject({
      failure: { code: 'busy', message: expect.stringContaining('another Headwater') as string },
    });
    first.close();
    unwrap(open(file)).close();
  });

  it('is copied to a backup before it is migrated', () => {
    const file = catalogFile();
    const before = unwrap(open(file));
    before
      .prepare("INSERT INTO machines (id, name, memory_mib, created_ms) VALUES ('m', 'Old', 64, 1)")
      .run();
    before.close();
    const after = unwrap(open(file, [...MIGRATIONS, SECOND]));
    expect(after.prepare('SELECT name, note FROM machines').get()).toEqual({ name: 'Old', note: null });
    after.close();
    const [backup, ...others] = listBackups(file);
    expect(others).toEqual([]);
    const copy = new Sqlite(backup ?? '', { readonly: true });
    expect(copy.prepare('SELECT name FROM machines').pluck().get()).toBe('Old');
    expect(copy.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    copy.close();
  });

  it('is not migrated, and leaves no half a backup, where that cannot be put in place', () => {
    const file = catalogFile();
    unwrap(open(file)).close();
    const full = vi.spyOn(fs, 'renameSync').mockImplementation(() => {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    });
    const refused = open(file, [...MIGRATIONS, SECOND]);
    full.mockRestore();
    expect(refused).toMatchObject({ failure: { code: 'no-space' } });
    expect(fs.readdirSync(path.dirname(file))).toEqual(['catalog.db']);
    const db = unwrap(open(file));
    expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    db.close();
  });

  it('names only backups that can be gone back to, and clears away what a crash left of one', () => {
    const file = catalogFile();
    unwrap(open(file)).close();
    fs.writeFileSync(`${file}.v1.cut-off.backup.1234.part`, 'half');
    unwrap(open(file, [...MIGRATIONS, SECOND])).close();
    const whole = listBackups(file);
    expect(whole).toHaveLength(1);
    fs.writeFileSync(`${file}.v9.empty.backup`, '');
    fs.writeFileSync(`${file}.v9.notes.backup`, 'no database at all, '.repeat(100));
    const bytes = fs.readFileSync(whole[0] ?? '').fill(0xaa, 4096, 3 * 4096);
    fs.writeFileSync(`${file}.v9.damaged.backup`, bytes);
    expect(listBackups(file)).toEqual(whole);
    expect(fs.readdirSync(path.dirname(file)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('keeps the copies of feeds from before they were packed', () => {
    const file = catalogFile();
    const before = unwrap(open(file, MIGRATIONS.slice(0, 7)));
    before.exec(`
      INSERT INTO feeds VALUES ('f', 'signed', 'https://example.org/feed.json', 'Feed', 'feed', 'key', 1, 1, 2, NULL, 1, NULL, 1);
      INSERT INTO feed_copies VALUES ('f', x'7b7d', 'signature');
    `);
    before.close();
    const catalog = unwrap(Catalog.open(file, { nowMs }));
    const copy = catalog.read(({ feeds }) => feeds.copyOf('f'));
    catalog.close();
    expect(copy).toMatchObject({ ok: true, value: { packing: 'none', signature: 'signature' } });
    expect(copy.ok && Buffer.from(copy.value?.document ?? []).toString()).toBe('{}');
  });

  it('keeps what was in it since the first version', () => {
    const file = catalogFile();
    const first = unwrap(open(file, MIGRATIONS.slice(0, 1)));
    first.exec(`
      INSERT INTO masters VALUES
        ('master', 'Master', 'file', '/m.raw', 'raw', 512, NULL, NULL, NULL, NULL, 0, 'master', 'ready', NULL, 1);
      INSERT INTO machines VALUES ('m', 'Old', NULL, 64, 1);
      INSERT INTO disks VALUES ('d', 'm', 'master', 'standalone', '/d.qed', 512, 1);
      INSERT INTO streams VALUES ('d', 'paused', 1000, 'stop', NULL, NULL);
      INSERT INTO surveys VALUES ('d', 4096, 1.5, 256, 0);
    `);
    first.close();
    unwrap(open(file)).close();
    const catalog = unwrap(Catalog.open(file, { nowMs }));
    const kept = catalog.read((tables) => ({
      machine: tables.machines.find('m'),
      disk: tables.disks.find('d')?.masterId,
      stream: tables.streams.find('d'),
      survey: tables.surveys.find('d'),
      boot: tables.bootProfiles.find('master'),
      saved: tables.savedStates.find('m'),
    }));
    catalog.close();
    expect(kept).toMatchObject({
      ok: true,
      value: {
        machine: {
          ...{ name: 'Old', startedMs: null, memoryMiB: 64 },
          ...{ guest: { arch: 'i386', diskBus: 'ide' }, hardware: USUAL_HARDWARE },
        },
        disk: 'master',
        stream: { wanted: 'paused', limit: 1000, onError: 'stop', priority: 'normal' },
        survey: { localBytes: 256, bootMissingBytes: null },
        boot: null,
        saved: null,
      },
    });
  });

  it('tells masters on NBD servers from those on web servers since they have a source of their own', () => {
    const file = catalogFile();
    const before = unwrap(open(file, MIGRATIONS.slice(0, 8)));
    const insert =
      before.prepare(`INSERT INTO masters (id, name, source, location, format, length_bytes, parent_id, owned,
      role, import_state, created_ms, copy_of) VALUES (?, ?, ?, ?, 'raw', 512, ?, 0, ?, 'ready', 1, ?)`);
    insert.run('web', 'Web', 'http', 'https://example.org/nbd.raw', null, 'master', null);
    insert.run('nbd', 'NBD', 'http', 'nbd://example.org/disk', null, 'master', null);
    insert.run('socket', 'Socket', 'http', 'NBD+unix:///?socket=/s', null, 'master', null);
    insert.run('copy', 'Copy', 'file', '/nbd.qed', 'nbd', 'copy', 'nbd');
    before.exec(`INSERT INTO disks VALUES ('d', NULL, 'copy', 'linked', '/d.qed', 512, 1)`);
    before.close();
    unwrap(open(file)).close();
    const catalog = unwrap(Catalog.open(file, { nowMs }));
    const kept = unwrap(
      catalog.read(({ masters, disks }) => ({
        sources: masters.list().map(({ id, source }) => [id, source]),
        behind: masters.withParents(disks.find('d')?.masterId ?? '').map(({ id }) => id),
        copy: masters.copyOf('nbd')?.id,
      })),
    );
    catalog.close();
    expect(kept.sources).toEqual([
      ['copy', 'file'],
      ['nbd', 'nbd'],
      ['socket', 'nbd'],
      ['web', 'http'],
    ]);
    expect(kept).toMatchObject({ behind: ['copy', 'nbd'], copy: 'copy' });
  });

  it('stays as it was when a migration fails', () => {
    const file = catalogFile();
    unwrap(open(file)).close();
    expect(() => open(file, [...MIGRATIONS, SECOND, 'SELECT nonsense'])).toThrow(/nonsense/);
    const db = unwrap(open(file));
    expect(
      db.prepare("SELECT count(*) FROM pragma_table_info('machines') WHERE name = 'note'").pluck().get(),
    ).toBe(0);
    db.close();
  });

  it('is refused, untouched, when a newer Headwater wrote it', () => {
    const file = catalogFile();
    unwrap(open(file, [...MIGRATIONS, SECOND])).close();
    const bytes = fs.readFileSync(file);
    const refused = open(file);
    expect(refused).toMatchObject({
      failure: {
        code: 'unsupported',
        message: expect.stringMatching(/newer Headwater.*install that one again/) as string,
      },
    });
    expect(fs.readFileSync(file)).toEqual(bytes);
  });

  it('is refused, untouched, when it is damaged, and the failure names the backups', () => {
    const file = catalogFile();
    unwrap(open(file)).close();
    unwrap(open(file, [...MIGRATIONS, SECOND])).close();
    const bytes = fs.readFileSync(file);
    bytes.fill(0xaa, 4096, 3 * 4096);
    fs.writeFileSync(file, bytes);
    const refused = open(file, [...MIGRATIONS, SECOND]);
    expect(refused).toMatchObject({ failure: { code: 'malformed' } });
    const message = refused.ok ? '' : refused.failure.message;
    expect(message).toContain(`'${file}'`);
    expect(message).toContain(listBackups(file)[0]);
    expect(fs.readFileSync(file)).toEqual(bytes);
  });

  it('is refused, untouched, when it is no database at all', () => {
    const file = catalogFile();
    fs.writeFileSync(file, 'my notes, not a database, '.repeat(100));
    expect(open(file)).toMatchObject({
      failure: { code: 'malformed', message: expect.stringContaining('There is no backup') as string },
    });
    expect(fs.readFileSync(file, 'utf8')).toMatch(/^my notes/);
  });

  it("is refused when it is another program's database", () => {
    const file = catalogFile();
    const other = new Sqlite(file);
    other.exec('CREATE TABLE songs (title TEXT)');
    other.close();
    expect(open(file)).toMatchObject({
      failure: { code: 'malformed', message: expect.stringContaining('another program') as string },
    });
  });

  it('is refused when its folder cannot be made', () => {
    const folder = tempFolder();
    fs.writeFileSync(path.join(folder, 'file'), '');
    expect(open(path.join(folder, 'file', 'catalog.db'))).toMatchObject({ ok: false });
  });
});
