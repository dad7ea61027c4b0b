// Writes the "newc" archive the kernel unpacks as its first root file system. Written here rather than with cpio
// because every field that would differ from one build to the next (owner, time, inode number, order) is then ours.

/**
 * @param {{ path: string, content?: Buffer | string, linkTo?: string, executable?: boolean,
 *           device?: [number, number] }[]} entries in order, folders before what is in them; without content, linkTo
 *   and device an entry is a folder
 * @param {number} time seconds since 1970
 */
export function cpioArchive(entries, time) {
  const parts = [];
  entries.forEach(({ path, content, linkTo, executable, device }, index) => {
    const data = Buffer.from(linkTo ?? content ?? '');
    let mode = 0o040755;
    if (linkTo !== undefined) mode = 0o120777;
    else if (device) mode = 0o020600;
    else if (content !== undefined) mode = executable ? 0o100755 : 0o100644;
    parts.push(member({ name: path, mode, data, inode: index + 1, time, device }));
  });
  parts.push(member({ name: 'TRAILER!!!', mode: 0, data: Buffer.alloc(0), inode: 0, time: 0 }));
  return Buffer.concat(parts);
}

function member({ name, mode, data, inode, time, device = [0, 0] }) {
  const links = 1;
  const fields = [inode, mode, 0, 0, links, time, data.length, 0, 0, ...device, name.length + 1, 0];
  const header = '070701' + fields.map((value) => value.toString(16).padStart(8, '0')).join('');
  return Buffer.concat([padded(Buffer.from(`${header}${name}\0`)), padded(data)]);
}

const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
