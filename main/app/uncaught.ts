/**
 * Imported before everything else. Electron's own answer to an uncaught error is a dialog, and while that is open the
 * process does not even listen to SIGTERM.
 */
import { app } from 'electron';

process.on('uncaughtException', (error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  app.exit(1);
});
