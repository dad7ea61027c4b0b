/** The words of what is drawn outside windows: menus, the tray, questions. Windows have their own. */
const WORDS = {
  en: {
    file: 'File',
    edit: 'Edit',
    view: 'View',
    window: 'Window',
    catalog: 'Catalog',
    machines: 'Machines',
    overlays: 'Overlays',
    preferences: 'Preferences…',
    closeWindow: 'Close Window',
    quit: 'Quit Headwater',
    show: 'Show Headwater',
    stillRunning: 'Headwater keeps running',
    stillRunningBecause: 'Machines are running. Start Headwater again, or use its icon, to get back to them.',
    quitQuestion: (machines: number) =>
      machines === 1 ? 'A machine is running.' : `${machines} machines are running.`,
    quitDetail: 'Quitting powers them off. What their guests have not written to their disks is lost.',
    powerOffAndQuit: 'Power Off and Quit',
    cancel: 'Cancel',
    cannotStart: 'Headwater cannot start',
  },
  de: {
    file: 'Datei',
    edit: 'Bearbeiten',
    view: 'Ansicht',
    window: 'Fenster',
    catalog: 'Katalog',
    machines: 'Maschinen',
    overlays: 'Overlays',
    preferences: 'Einstellungen …',
    closeWindow: 'Fenster schließen',
    quit: 'Headwater beenden',
    show: 'Headwater zeigen',
    stillRunning: 'Headwater läuft weiter',
    stillRunningBecause:
      'Maschinen laufen noch. Starten Sie Headwater erneut oder benutzen Sie sein Symbol, um zu ihnen zurückzukehren.',
    quitQuestion: (machines: number) =>
      machines === 1 ? 'Eine Maschine läuft.' : `${machines} Maschinen laufen.`,
    quitDetail:
      'Beim Beenden werden sie ausgeschaltet. Was ihre Gäste noch nicht auf ihre Platten geschrieben haben, geht verloren.',
    powerOffAndQuit: 'Ausschalten und beenden',
    cancel: 'Abbrechen',
    cannotStart: 'Headwater kann nicht starten',
  },
} as const;

export type Words = (typeof WORDS)['en' | 'de'];

/**
 * @param preferred the user's preference
 * @param locale the system's language, as in BCP 47
 */
export function wordsFor(preferred: 'system' | 'en' | 'de', locale: string): Words {
  const language = preferred === 'system' ? locale.slice(0, 2).toLowerCase() : preferred;
  return language === 'de' ? WORDS.de : WORDS.en;
}
