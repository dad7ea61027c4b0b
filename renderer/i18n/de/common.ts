import type { Messages } from '../en.ts';

export const action: Messages['action'] = {
  add: 'Hinzufügen',
  cancel: 'Abbrechen',
  choose: 'Auswählen …',
  useDefault: 'Standard',
  clear: 'Zurücksetzen',
  close: 'Schließen',
  copyPath: 'Pfad kopieren',
  delete: 'Löschen',
  dismiss: 'Ausblenden',
  more: (name) => `Mehr zu ${name}`,
  remove: 'Entfernen',
  save: 'Sichern',
  tryAgain: 'Erneut versuchen',
};

export const kind: Messages['kind'] = { standalone: 'Eigenständig', linked: 'Verknüpft' };

export const kindHelp: Messages['kindHelp'] = {
  standalone: 'Wird vollständig gestreamt und braucht dann keine Quelle mehr.',
  linked: 'Bleibt klein und braucht immer ihre Vorlage.',
  linkedFar:
    'Bleibt klein. Eine lokale Kopie der Vorlage wird einmal geholt, für alle verknüpften Maschinen zusammen.',
};

export const arch: Messages['arch'] = (arch) =>
  ({ i386: 'x86, 32 Bit', x86_64: 'x86, 64 Bit', aarch64: 'ARM, 64 Bit' })[arch] ?? arch;

export const source: Messages['source'] = {
  recipe: 'Hier gebaut',
  file: 'Lokale Datei',
  http: 'Webadresse',
  nbd: 'NBD-Server',
};
