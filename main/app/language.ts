/** The words of what is drawn outside windows: menus, the tray, questions. Windows have their own. */
const WORDS = {
  en: {
    language: 'en',
    file: 'File',
    edit: 'Edit',
    view: 'View',
    window: 'Window',
    catalog: 'Catalog',
    machines: 'Machines',
    overlays: 'Overlays',
    preferences: 'Preferences…',
    closeWindow: 'Close Window',
    addAppliance: 'Add Appliance…',
    commands: 'Commands…',
    search: 'Search',
    streams: 'Streams',
    pauseStreams: 'Pause All Streams',
    resumeStreams: 'Resume All Streams',
    help: 'Help',
    shortcuts: 'Keyboard Shortcuts',
    about: 'About Headwater',
    quit: 'Quit Headwater',
    show: 'Show Headwater',
    stillRunning: 'Headwater keeps running',
    stillRunningBecause:
      'Machines or streams go on. Start Headwater again, or use its icon, to get back to them.',
    quitQuestion: (machines: number) =>
      machines === 1 ? 'A machine is running.' : `${machines} machines are running.`,
    quitDetail:
      'Saved machines go on where they were. Powered off, they lose what their guests have not written to their disks.',
    saveAndQuit: 'Save and Quit',
    powerOffAndQuit: 'Power Off and Quit',
    savingTakesLong: 'The machines are not saved yet.',
    savingTakesLongDetail:
      'The computer’s disk may be slow or full. Machines that are saved already stay saved.',
    keepWaiting: 'Keep Waiting',
    notSaved: (names: readonly string[]) => `${names.join(', ')} could not be saved.`,
    cancel: 'Cancel',
    cannotStart: 'Headwater cannot start',
    standalone: (machine: string) => `${machine} is complete`,
    standaloneBecause: 'Its disk needs no network any more.',
    machineFailed: (machine: string) => `${machine} has failed`,
    openLink: (host: string) => `Open ${host} in your browser?`,
    open: 'Open',
  },
  de: {
    language: 'de',
    file: 'Datei',
    edit: 'Bearbeiten',
    view: 'Ansicht',
    window: 'Fenster',
    catalog: 'Katalog',
    machines: 'Maschinen',
    overlays: 'Overlays',
    preferences: 'Einstellungen …',
    closeWindow: 'Fenster schließen',
    addAppliance: 'Appliance hinzufügen …',
    commands: 'Befehle …',
    search: 'Suchen',
    streams: 'Streams',
    pauseStreams: 'Alle Streams anhalten',
    resumeStreams: 'Alle Streams fortsetzen',
    help: 'Hilfe',
    shortcuts: 'Tastenkürzel',
    about: 'Über Headwater',
    quit: 'Headwater beenden',
    show: 'Headwater zeigen',
    stillRunning: 'Headwater läuft weiter',
    stillRunningBecause:
      'Maschinen oder Streams gehen weiter. Starten Sie Headwater erneut oder benutzen Sie sein Symbol, um zu ihnen zurückzukehren.',
    quitQuestion: (machines: number) =>
      machines === 1 ? 'Eine Maschine läuft.' : `${machines} Maschinen laufen.`,
    quitDetail:
      'Gesicherte Maschinen machen weiter, wo sie waren. Ausgeschaltete verlieren, was ihre Gäste noch nicht auf ihre Platten geschrieben haben.',
    saveAndQuit: 'Sichern und beenden',
    powerOffAndQuit: 'Ausschalten und beenden',
    savingTakesLong: 'Die Maschinen sind noch nicht gesichert.',
    savingTakesLongDetail:
      'Vielleicht ist die Platte des Computers langsam oder voll. Was schon gesichert ist, bleibt es.',
    keepWaiting: 'Weiter warten',
    notSaved: (names: readonly string[]) => `${names.join(', ')} konnte nicht gesichert werden.`,
    cancel: 'Abbrechen',
    cannotStart: 'Headwater kann nicht starten',
    standalone: (machine: string) => `${machine} ist vollständig`,
    standaloneBecause: 'Die Platte braucht kein Netz mehr.',
    machineFailed: (machine: string) => `${machine} ist ausgefallen`,
    openLink: (host: string) => `${host} in Ihrem Browser öffnen?`,
    open: 'Öffnen',
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
