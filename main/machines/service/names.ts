/** `wanted` itself, or the first of `wanted 2`, `wanted 3` … that is free; cut where it would be too long. */
export function freeName(wanted: string, isTaken: (name: string) => boolean, mostChars = 80): string {
  const base = wanted.trim().slice(0, mostChars) || 'Machine';
  if (!isTaken(base)) return base;
  for (let number = 2; ; number++) {
    const suffix = ` ${number}`;
    const name = `${base.slice(0, mostChars - suffix.length).trimEnd()}${suffix}`;
    if (!isTaken(name)) return name;
  }
}

/** What a copy of a machine is called: numbers are counted on, not stacked up ("Tiny Linux 2" → "Tiny Linux 3"). */
export function nameOfCopy(name: string): string {
  return name.replace(/ \d{1,4}$/, '');
}

/** A file name that tells people which machine it belongs to, and that no other image of ours ever has. */
export function imageFileName(machineName: string, diskId: string): string {
  return `${fileName(machineName, diskId)}.qed`;
}

/** The same for a saved state. */
export function stateFileName(machineName: string, stateId: string): string {
  return `${fileName(machineName, stateId)}.state`;
}

function fileName(machineName: string, id: string): string {
  const plain = machineName
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  return plain === '' ? id : `${plain}-${id}`;
}
