/** Numbers of RFC 6143, 7.7 and 7.8, and of the registry of extensions. */
export const ENCODING = {
  raw: 0,
  tight: 7,
  desktopSize: -223,
  extendedDesktopSize: -308,
  qemuExtendedKeyEvent: -258,
  qemuPointerMotionChange: -257,
  /** -256 for level 0 up to -247 for level 9. */
  compressLevel0: -256,
} as const;
