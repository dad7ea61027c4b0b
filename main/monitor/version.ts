/** What clients are told they talk to. */
export type Version = {
  readonly qemu: { readonly major: number; readonly minor: number; readonly micro: number };
  /** What comes behind the number when people are told. */
  readonly package: string;
};

/** Clients decide by QEMU's version what they may ask for: the one whose behaviour is followed here. */
export function versionOf(headwater: string): Version {
  return { qemu: { major: 7, minor: 2, micro: 0 }, package: `Headwater ${headwater}` };
}
