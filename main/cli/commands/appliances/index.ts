import { withSubcommands } from '../../subcommands.ts';

/** `headwater appliances`: what machines can be made from. */
export const appliancesCommand = withSubcommands(
  'appliances',
  'Appliances are what machines are made from: listed by feeds, built here, or added by you.',
  {
    list: {
      summary: 'all there are',
      load: async () => (await import('./catalog-commands.ts')).listCommand,
    },
    show: {
      summary: 'all about one',
      load: async () => (await import('./catalog-commands.ts')).showCommand,
    },
    install: {
      summary: 'enter one of a feed into the catalog, with its master',
      load: async () => (await import('./catalog-commands.ts')).installCommand,
    },
    add: {
      summary: 'enter a disk image on a web server or an NBD server',
      load: async () => (await import('./add.ts')).addCommand,
    },
    build: {
      summary: 'build one from its recipe, out of Debian packages',
      load: async () => (await import('./build.ts')).buildCommand,
    },
  },
);
