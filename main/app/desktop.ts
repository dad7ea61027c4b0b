/** What the app says to its user outside windows. */
import { dialog, Notification } from 'electron';
import type { Words } from './language.ts';
import type { OutsideLink } from './security/external-links.ts';

export async function askAboutLink({ address, host }: OutsideLink, words: Words): Promise<boolean> {
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: words.openLink(host),
    detail: address,
    buttons: [words.open, words.cancel],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  });
  return response === 0;
}

export function showNotification(title: string, body: string, chosen: () => void): void {
  if (!Notification.isSupported()) return;
  const notification = new Notification({ title, body });
  notification.on('click', chosen);
  notification.show();
}
