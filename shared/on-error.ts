/** What a stream job can do when a request fails (QEMU's `BlockdevOnError`, without its `auto`). */
export const ON_ERROR_POLICIES = ['report', 'stop', 'enospc', 'ignore'] as const;
