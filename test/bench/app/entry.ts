/**
 * The app for the bench: the product, which tells when what happened. With `HEADWATER_BENCH=start` it prints the moments
 * of its start and ends; with `HEADWATER_BENCH=many` its catalog is made up and has 5,000 entries.
 */
import '../../../main/app/uncaught.ts';
import { app } from 'electron';
import { openServices } from '../../../main/app/open-services.ts';
import { startApp } from '../../../main/app/start-app.ts';
import type { OpenServices } from '../../../main/app/services.ts';
import { MachineService } from '../../../main/machines/service/machine-service.ts';
import { openPretended } from '../../app/support/pretended-services.ts';
import { Probe } from './probe.ts';

const mode = process.env['HEADWATER_BENCH'] ?? '';
const probe = (globalThis.headwaterProbe = new Probe());

const openProduct: OpenServices = async (context) => {
  const opened = await openServices(context);
  if (opened.ok && opened.value.machines instanceof MachineService) {
    probe.watchMachines(opened.value.machines);
  }
  return opened;
};

app.on('browser-window-created', (_event, window) => {
  window.once('ready-to-show', () => probe.note('shown'));
  window.webContents.once('dom-ready', () => {
    void probe.watchPage(window.webContents).then(() => {
      if (mode !== 'start') return;
      process.stdout.write(`${JSON.stringify(probe.moments)}\n`, () => app.exit(0));
    });
  });
});
void app.whenReady().then(() => probe.note('ready'));

startApp(mode === 'many' ? openPretended : openProduct);
