// Makes an ext4 file system inside a disk image from a folder: no mounting, no root, the same bytes every time.
//
// `mke2fs -d` would be shorter, but it copies each file's change time (which nobody can set), takes entries in the order
// the host's file system lists them, and needs the files to belong to root. debugfs writes file by file: everything
// belongs to root because nothing says otherwise, times come from E2FSPROGS_FAKE_TIME, and the order is ours. That order
// is worth having: what a boot reads is written first and therefore lies together, which suits read-ahead.
import { lstatSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { run } from './command.mjs';

/** Features by name, so that a machine's own mke2fs.conf has no say. No checksums: GRUB and v86 are quicker without. */
const FEATURES =
  'none,has_journal,ext_attr,dir_index,filetype,extent,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize';

/**
 * @param {object} options
 * @param {string} options.image an existing file
 * @param {number} options.offset where in it the file system begins, in bytes
 * @param {number} options.size of the file system in bytes
 * @param {string} options.tree folder whose content becomes the root folder
 * @param {import('./tar-listing.mjs').Listing} [options.listing] owners, permissions and hard links that the folder itself
 *   cannot hold for an ordinary user; what it does not name belongs to root
 * @param {string[]} options.first files to write before all others, in this order; `/folder/` means all below it
 * @param {string} options.uuid also the seed of the folder hashes
 * @param {string} options.label
 * @param {number} options.inodes
 * @param {number} [options.journalMiB]
 * @param {number} options.time seconds since 1970, for every time stamp
 * @param {string} options.work folder for intermediate files
 */
export function makeExt4({
  image,
  offset,
  size,
  tree,
  listing,
  first,
  uuid,
  label,
  inodes,
  journalMiB = 4,
  time,
  work,
}) {
  const env = {
    E2FSPROGS_FAKE_TIME: String(time),
    SOURCE_DATE_EPOCH: String(time),
    MKE2FS_CONFIG: '/dev/null',
  };
  const extended = [
    `offset=${offset}`,
    'root_owner=0:0',
    `hash_seed=${uuid}`,
    'lazy_itable_init=0',
    'lazy_journal_init=0',
  ];
  const shape = ['-b', '4096', '-I', '256', '-N', String(inodes), '-m', '1', '-J', `size=${journalMiB}`];
  const names = ['-U', uuid, '-L', label];
  const blocks = String(size / 4096);
  run(
    'mke2fs',
    ['-q', '-F', '-t', 'ext4', '-O', FEATURES, ...shape, ...names, '-E', extended.join(), image, blocks],
    { env },
  );

  const fileSystem = `${image}?offset=${offset}`;
  const commands = populate(tree, first, listing).join('\n');
  const script = join(work, 'debugfs.commands');
  writeFileSync(script, `${commands}\n`);
  // Its exit code says nothing; what it prints to stderr, apart from its version, does.
  run('debugfs', ['-w', '-f', script, fileSystem], { env, harmless: /^debugfs \d/ });
  run('e2fsck', ['-f', '-n', fileSystem], { env });
  // The journal was written out as zeroes: give those blocks back.
  run('fallocate', ['--dig-holes', image]);
}

/** The debugfs commands that copy a tree: folders, then the files that go first, then all others by name. */
function populate(tree, first, listing = new Map()) {
  const entries = walk(tree, '');
  const folders = entries.filter(({ status }) => status.isDirectory());
  const others = entries.filter(({ status }) => !status.isDirectory());
  const byPath = new Map(others.map((entry) => [entry.path, entry]));
  const early = first.flatMap((wanted) => {
    const named = others.filter(
      ({ path }) => path === wanted || (wanted.endsWith('/') && path.startsWith(wanted)),
    );
    if (named.length === 0) throw new Error(`${wanted} is to be written first but does not exist`);
    return named.filter(({ path }) => byPath.delete(path));
  });

  const commands = [];
  for (const { path, status } of folders) {
    commands.push(`mkdir ${quoted(path)}`);
    const permissions = listing.get(path)?.permissions ?? status.mode & 0o7777;
    if (permissions !== 0o755) commands.push(setMode(quoted(path), '04', permissions));
    commands.push(...setOwner(quoted(path), listing.get(path)));
  }
  let current = '';
  for (const { path, status } of [...early, ...byPath.values()]) {
    const folder = dirname(path);
    if (folder !== current) commands.push(`cd ${quoted(folder)}`);
    current = folder;
    const name = quoted(basename(path));
    if (status.isSymbolicLink()) commands.push(`symlink ${name} ${quoted(readlinkSync(join(tree, path)))}`);
    else if (status.isFile()) commands.push(`write ${quoted(join(tree, path))} ${name}`);
    else throw new Error(`${path} is neither a file, a folder nor a symbolic link`);
    const listed = listing.get(path);
    if (listed && status.isFile()) commands.push(setMode(name, '010', listed.permissions));
    commands.push(...setOwner(name, listed));
  }
  return [...commands, ...hardLinks(listing)];
}

const setMode = (name, kind, permissions) =>
  `set_inode_field ${name} mode ${kind}${permissions.toString(8).padStart(4, '0')}`;

const setOwner = (name, listed) => [
  ...(listed?.user ? [`set_inode_field ${name} uid ${listed.user}`] : []),
  ...(listed?.group ? [`set_inode_field ${name} gid ${listed.group}`] : []),
];

/** Further names of a file, once all files are there; debugfs leaves counting them to us. */
function hardLinks(listing) {
  const names = new Map();
  for (const [path, { linkTo }] of listing) {
    if (linkTo !== undefined) names.set(linkTo, [...(names.get(linkTo) ?? []), path]);
  }
  return [...names].flatMap(([first, others]) => [
    ...others.map((other) => `link ${quoted(first)} ${quoted(other)}`),
    `set_inode_field ${quoted(first)} links_count ${others.length + 1}`,
  ]);
}

function walk(tree, folder) {
  return readdirSync(join(tree, folder))
    .sort()
    .flatMap((name) => {
      const path = `${folder}/${name}`;
      const status = lstatSync(join(tree, path));
      return [{ path, status }, ...(status.isDirectory() ? walk(tree, path) : [])];
    });
}

function quoted(text) {
  if (/["\n]/.test(text)) throw new Error(`cannot hand this name to debugfs: ${JSON.stringify(text)}`);
  return `"${text}"`;
}
