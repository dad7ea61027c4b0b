import { withSubcommands } from '../../subcommands.ts';

/** `headwater master`: what a publisher does. */
export const masterCommand = withSubcommands(
  'master',
  'Masters are disks that overlays lie on, published for others to stream from.',
  {
    publish: {
      summary: 'copy a disk to where it can be served from, with the hashes its readers need',
      load: async () => (await import('./publish.ts')).publishCommand,
    },
    'record-boot': {
      summary: 'boot a published master, and publish what the boot reads for others to fetch first',
      load: async () => (await import('./record-boot.ts')).recordBootCommand,
    },
    mirrors: {
      summary: 'see how the places do that a published master lies in',
      load: async () => (await import('./mirrors.ts')).mirrorsCommand,
    },
    verify: {
      summary: 'read a published master and compare it with its description',
      load: async () => (await import('./verify.ts')).verifyCommand,
    },
  },
);
