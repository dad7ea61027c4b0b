import { ipcMain } from 'electron';
import { REQUEST_PREFIX } from '../../../shared/ipc/bridge.ts';
import { REQUESTS, type RequestName } from '../../../shared/ipc/contract.ts';
import { err } from '../../../shared/result.ts';
import type { Log } from '../log.ts';
import type { Windows } from '../windows/windows.ts';
import { answerRequest } from './answer-request.ts';
import type { RequestHandlers } from './handlers.ts';
import { isOurPage } from './sender.ts';

/** The only place that listens to windows: one Electron channel per request of the contract. */
export function registerHandlers(handlers: RequestHandlers, windows: Windows, log: Log): void {
  for (const name of Object.keys(REQUESTS) as RequestName[]) {
    ipcMain.handle(`${REQUEST_PREFIX}${name}`, (event, payload: unknown) => {
      const role = windows.roleOf(event.sender);
      if (role === undefined || !isOurPage(event.senderFrame)) {
        log.warn(`refused ${name}: it did not come from a page of Headwater`);
        return err('permission-denied', 'Only pages of Headwater may ask for this.');
      }
      return answerRequest(name, payload, { role, contents: event.sender }, handlers, log);
    });
  }
}
