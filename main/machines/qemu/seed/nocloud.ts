import { isoImage } from './iso9660.ts';

/** What a guest that asks cloud-init is told of itself. */
export interface CloudIdentity {
  /** Another one makes cloud-init begin anew: keys, names, users. */
  readonly instanceId: string;
  readonly name: string;
}

/**
 * Whoever has the console has the machine: root needs no password there, as in our own appliances, until somebody sets one.
 * SSH refuses empty passwords by itself. Early in the first boot, so that it is done when the prompt is there.
 */
const USER_DATA = `#cloud-config
bootcmd:
  - [cloud-init-per, instance, let-root-in, passwd, -d, root]
ssh_pwauth: false
`;

/**
 * The disk that cloud-init's NoCloud source looks for, by its label
 * (https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html).
 */
export function cloudSeed({ instanceId, name }: CloudIdentity): Buffer {
  const metaData = { 'instance-id': instanceId, 'local-hostname': hostNameOf(name) };
  return isoImage('CIDATA', [
    // JSON is YAML.
    { name: 'meta-data', content: `${JSON.stringify(metaData)}\n` },
    { name: 'user-data', content: USER_DATA },
  ]);
}

/** What of a name can be one of a host (RFC 1123 §2.1). */
function hostNameOf(name: string): string {
  const words = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return words.slice(0, 63).replaceAll(/^-+|-+$/g, '') || 'headwater';
}
