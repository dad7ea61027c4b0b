/** Where links in windows may lead, in the user's own browser. */
const HOSTS: ReadonlySet<string> = new Set(['github.com', 'www.debian.org', 'www.qemu.org']);

export function mayOpenOutside(address: string): boolean {
  try {
    const { protocol, host, username, password } = new URL(address);
    return protocol === 'https:' && HOSTS.has(host) && username === '' && password === '';
  } catch {
    return false;
  }
}
