import type { Messages } from '../en.ts';
import { plural } from '../plural.ts';
import { sentenceEnd } from '../sentence-end.ts';

export const shell: Messages['shell'] = {
  skip: 'Zum Inhalt springen',
  navigation: 'Hauptnavigation',
  catalog: 'Katalog',
  machines: 'Maschinen',
  overlays: 'Overlays',
  preferences: 'Einstellungen',
  notices: 'Hinweise',
  streams: 'Streams',
  nothingStreams: 'Nichts wird gestreamt',
  streaming: (count, text) => plural(count, '1 Platte streamt', `${text} Platten streamen`),
  paused: (_count, text) => `${text} angehalten`,
  waiting: (count, text) => plural(count, '1 wartet', `${text} warten`),
  left: (size) => `noch ${size}`,
  bootSets: (count, share) => plural(count, `Startpaket: ${share}`, `Startpakete: ${share}`),
  pauseAll: 'Alle anhalten',
  resumeAll: 'Alle fortsetzen',
  limitedTo: (rate) => `begrenzt auf ${rate}`,
  heldBack: (count, text) =>
    plural(
      count,
      'Getaktete Verbindung: 1 Platte zurückgehalten',
      `Getaktete Verbindung: ${text} Platten zurückgehalten`,
    ),
  meteredLine: 'getaktete Verbindung: nur was Gäste lesen',
  commands: 'Befehle',
  commandHint: 'Befehl oder Namen eingeben',
  noCommand: 'Nichts passt.',
  openCommands: 'Befehle (Strg+K)',
  loading: 'Wird geladen …',
  startAppliance: (name) => `Neue Maschine aus ${name} starten`,
  machineCommand: (name, command) => `${name}: ${command}`,
  pauseAllStreams: 'Alle Streams anhalten',
  resumeAllStreams: 'Alle Streams fortsetzen',
  openPreferences: (section) => `Einstellungen: ${section}`,
  useTheme: (theme) => `Aussehen: ${theme}`,
  openMachine: (name) => `Zur Maschine ${name}`,
  openConsole: (name) => `Konsole von ${name} öffnen`,
};

export const notices: Messages['notices'] = {
  heading: 'Was geschah',
  none: 'Noch wurde nichts gemeldet.',
  others: (count, text) => plural(count, '1 weiterer Hinweis', `${text} weitere Hinweise`),
  show: 'Zeigen',
  dismissAll: 'Alle ausblenden',
  levels: { info: 'Nachricht', warning: 'Warnung', error: 'Fehler' },
};

export const activity: Messages['activity'] = {
  list: 'Was gerade geschieht',
  export: (name) => `${name} wird exportiert`,
  import: (name) => `${name} wird importiert`,
  check: (name) => `${name} wird geprüft`,
  move: (name) => `Platten werden nach ${name} verschoben`,
  cancel: (what) => `Abbrechen: ${what}`,
};

export const happened: Messages['happened'] = {
  'disk-standalone': (name) => `${name} ist vollständig: Die Platte braucht kein Netz mehr.`,
  'copy-complete': (name) => `Die lokale Kopie von ${name} ist vollständig; sie braucht kein Netz mehr.`,
  'disk-exported': (file) => `Die Platte wurde nach „${file}“ exportiert.`,
  'storage-moved': (count, folder) => `${count} Abbilder wurden nach „${folder}“ verschoben.`,
  'stream-failed': (file, why) => `Das Streamen in „${file}“ endete: ${why}`,
  'store-failed': (file, why) => `Was ein Gast las, konnte nicht in „${file}“ behalten werden: ${why}`,
  'start-failed': (name, why) => `${name} konnte nicht gestartet werden: ${why}`,
  'machine-failed': (name, why) => `${name} ist ausgefallen: ${why}`,
  'instant-start-refused': (name, why) =>
    `${name} wurde gebootet. Was für einen augenblicklichen Start veröffentlicht ist, war nicht zu gebrauchen: ${sentenceEnd(why)}`,
  'disk-missing': (file) => `„${file}“ fehlt. Legen Sie die Datei zurück, oder löschen Sie ihre Maschine.`,
  'disk-moved': (from, to) => `„${from}“ wurde als „${to}“ wiedergefunden.`,
  'disk-without-machine': (file) => `„${file}“ gehört zu keiner Maschine mehr.`,
  'foreign-image': (file) =>
    `„${file}“ liegt bei den Platten, gehört aber zu keiner Maschine; es bleibt unberührt.`,
  'machine-without-disk': (name) => `Die Maschine ${name} hat ihre Platte verloren.`,
  'saved-state-missing': (name, file) =>
    `Der gesicherte Zustand von ${name} fehlt („${file}“). Legen Sie ihn zurück, sonst startet die Maschine von ihrer Platte.`,
  'saved-state-refused': (name, why) =>
    `${name} wurde von der Platte gestartet. Der gesicherte Zustand war nicht zu gebrauchen: ${sentenceEnd(why)}`,
  imported: (name) => `${name} ist importiert und kann gestartet werden.`,
  'import-failed': (name, why) => `${name} konnte nicht importiert werden: ${why}`,
  'feed-new-key': (name, fingerprint) =>
    `${name} hat einen neuen Schlüssel, für den der Inhaber des alten bürgt: ${fingerprint}`,
  'feed-untrusted': (name, why) => `${name} ist nicht zu trauen: ${why}`,
};
