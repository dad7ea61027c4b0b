import { withSubcommands } from '../../subcommands.ts';

/** `headwater feed`: for those who publish appliances, and for those who subscribe. */
export const feedCommand = withSubcommands(
  'feed',
  'Feeds are signed lists of appliances. The first six are for those who publish them.',
  {
    key: {
      summary: 'make a pair of keys to sign feeds with',
      load: async () => (await import('./key.ts')).keyCommand,
    },
    init: {
      summary: 'begin a feed',
      load: async () => (await import('./init.ts')).initCommand,
    },
    add: {
      summary: 'put an appliance into a feed, or a newer version of one',
      load: async () => (await import('./add.ts')).addCommand,
    },
    sign: {
      summary: 'issue a feed: give it its next serial, and sign it',
      load: async () => (await import('./sign.ts')).signCommand,
    },
    lint: {
      summary: 'look for what readers would refuse, and for what was not meant',
      load: async () => (await import('./lint.ts')).lintCommand,
    },
    verify: {
      summary: 'fetch a feed as its readers do, and show whose key it is signed with',
      load: async () => (await import('./verify.ts')).verifyCommand,
    },
    list: {
      summary: 'the feeds you have subscribed to',
      load: async () => (await import('./subscriptions.ts')).listCommand,
    },
    subscribe: {
      summary: 'subscribe to a feed, trusting the key it is signed with',
      load: async () => (await import('./subscriptions.ts')).subscribeCommand,
    },
    refresh: {
      summary: 'look for newer issues of your feeds',
      load: async () => (await import('./subscriptions.ts')).refreshCommand,
    },
    unsubscribe: {
      summary: 'forget a feed and its key',
      load: async () => (await import('./subscriptions.ts')).unsubscribeCommand,
    },
  },
);
