/** The app for the bench: the product, which tells when what happened. */
import '../../../main/app/uncaught.ts';
import { openServices } from '../../../main/app/open-services.ts';
import { startApp } from '../../../main/app/start-app.ts';
import { MachineService } from '../../../main/machines/service/machine-service.ts';
import { Probe } from './probe.ts';

const probe = new Probe();

startApp(async (context) => {
  const opened = await openServices(context);
  if (opened.ok && opened.value.machines instanceof MachineService) {
    probe.watchMachines(opened.value.machines);
  }
  return opened;
});
