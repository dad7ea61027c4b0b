import type { FactsOf, FailureKey } from './failure-words.ts';
import type { FailureCode } from './result.ts';

type Say<Key extends FailureKey> = (...facts: FactsOf<Key>) => string;

export const GERMAN_FAILURES: { readonly [Key in FailureKey]: Say<Key> } = {
  bug: () =>
    'In Headwater ist ein Fehler aufgetreten; soweit es weiß, hat sich nichts geändert. Näheres steht in seinem Protokoll.',
  closing: () => 'Headwater wird gerade beendet.',
  'no-answer': () => 'Headwater antwortet nicht. Starten Sie es neu, wenn das so bleibt.',
  'not-understood': () => 'Mit dieser Eingabe kann Headwater nichts anfangen; es hat sich nichts geändert.',
  'not-chosen': (path) =>
    `„${path}“ wurde nicht in einem Dialog gewählt. Benutzen Sie die Schaltfläche daneben.`,
  'catalog-in-use': () => 'Ein anderes Headwater benutzt den Katalog gerade. Beenden Sie es zuerst.',
  'catalog-newer': () =>
    'Der Katalog stammt von einer neueren Version von Headwater. Installieren Sie diese wieder; es wurde nichts verändert.',
  'catalog-damaged': (file) =>
    `„${file}“ ist beschädigt oder gehört einem anderen Programm. Es wurde nichts verändert; Sicherungskopien liegen daneben, soweit es welche gibt.`,
  'cannot-interrupt': () => 'Das lässt sich nicht unterbrechen.',

  'machine-gone': () => 'Diese Maschine gibt es nicht mehr.',
  'machine-name-taken': (name) => `Eine Maschine „${name}“ gibt es schon.`,
  'machine-off': () => 'Die Maschine ist aus.',
  'machine-is-on': (machine) => `${machine} läuft. Schalten Sie die Maschine zuerst aus.`,
  'machine-occupied': (machine) =>
    `Mit ${machine} wird gerade gearbeitet. Versuchen Sie es danach noch einmal.`,
  'machine-suspending': (machine) => `${machine} wird gerade schlafen gelegt.`,
  'machine-not-now': (machine) => `Im jetzigen Zustand von ${machine} geht das nicht.`,
  'machine-lost-disk': () => 'Die Maschine hat ihre Platte verloren.',
  'no-saved-state': () => 'Von dieser Maschine ist kein Zustand gesichert.',

  'disk-gone': () => 'Diese Platte gibt es nicht mehr.',
  'disk-complete': () => 'Die Platte ist vollständig; es gibt nichts mehr zu streamen.',
  'disk-too-large': () => 'Die eingebaute Maschine kann nur Platten bis 2 TiB benutzen.',
  'disk-in-machine': (file) => `Die Maschine mit „${file}“ läuft. Schalten Sie sie zuerst aus.`,
  'disk-lain-on': (file) =>
    `Platten, die auf „${file}“ liegen, werden benutzt. Schalten Sie ihre Maschinen zuerst aus.`,
  'disk-occupied': (file) => `Mit „${file}“ wird gerade gearbeitet. Versuchen Sie es danach noch einmal.`,
  'image-locked': (file) => `Ein anderes Programm schreibt in „${file}“. Schließen Sie es dort zuerst.`,
  'image-locked-elsewhere': (file, lock) =>
    `In „${file}“ schreibt ein Programm in einem anderen Container oder auf einem anderen Rechner. Schließen Sie es ` +
    `dort zuerst; ist es schon beendet, so löschen Sie „${lock}“.`,
  'image-unfinished': (file) => `„${file}“ wurde nie fertig angelegt; nichts darin ist zu gebrauchen.`,
  'storage-in-use': () =>
    'Die Platten können nicht verschoben werden, solange Maschinen laufen. Schalten Sie sie zuerst aus.',
  'file-in-the-way': (file) => `„${file}“ gibt es schon. Räumen Sie die Datei zuerst weg.`,
  'file-missing': (file) => `„${file}“ fehlt oder kann nicht gelesen werden.`,
  'file-empty': (file) => `„${file}“ ist leer.`,
  'file-of-machine': (file, machine) =>
    `„${file}“ gehört zur Maschine ${machine}. Wählen Sie einen anderen Ort.`,
  'file-of-master': (file, master) =>
    `„${file}“ ist die Vorlage ${master}, auf der Platten liegen. Wählen Sie einen anderen Ort.`,
  'file-of-headwater': (file) =>
    `„${file}“ liegt dort, wo Headwater seine eigenen Dateien hat. Wählen Sie einen anderen Ort.`,
  'needs-backing-file': (file) =>
    `„${file}“ ist nur ein Overlay und braucht eine weitere Datei. Machen Sie zuerst ein vollständiges Abbild daraus.`,
  'needs-qemu-img': () =>
    'Dafür wird qemu-img gebraucht, das auf diesem Computer fehlt (Debian: qemu-utils).',

  'appliance-gone': () => 'Diese Appliance ist nicht mehr im Katalog.',
  'appliance-importing': () => 'Sie wird noch importiert.',
  'import-failed': (detail) => `Der Import misslang: ${detail}`,
  'download-first': () =>
    'Sie muss erst ganz geladen und als Ganzes mit ihrer Prüfsumme verglichen werden, bevor sie starten kann.',
  'cannot-unpack': (packing) => `Das Abbild ist mit ${packing} gepackt, was hier nicht entpackt werden kann.`,
  'other-processor': (architecture) =>
    `Sie braucht einen Prozessor der Art ${architecture}, den die eingebaute Maschine nicht hat.`,

  'machine-suspended': (machine) =>
    `${machine} ist angehalten und gesichert. Setzen Sie die Maschine fort, oder verwerfen Sie zuerst ihren Zustand.`,
  'port-of-machine': (port, machine) =>
    `${port} dieses Computers führt schon zu ${machine}. Wählen Sie einen anderen.`,
  'memory-too-large': () =>
    'Die eingebaute Maschine hat höchstens 1 GiB Arbeitsspeicher; mit QEMU kann es mehr sein.',
  'qemu-missing': (architecture, name) =>
    `Auf diesem Computer fehlt QEMU für ${architecture}. Installieren Sie es (Debian: ${name}), oder nennen Sie seinen Ordner in den Einstellungen.`,
  'qemu-not-here': () =>
    'Maschinen mit QEMU brauchen ein System mit Unix-Sockets und einer Shell, wie Linux oder macOS.',
  'qemu-not-started': (machine, detail) => `${machine} konnte nicht gestartet werden: QEMU (${detail}).`,
  'port-in-use': (machine, port) =>
    `${machine} konnte nicht gestartet werden: Ein anderes Programm benutzt ${port} dieses Computers. Leiten Sie einen anderen weiter.`,
  'qemu-ended': (machine, detail) => `${machine}: QEMU endete unerwartet (${detail}).`,
  'qemu-silent': (machine) =>
    `${machine}: QEMU antwortet nicht. Versuchen Sie es gleich noch einmal, oder erzwingen Sie das Ausschalten.`,
  'qemu-cannot-save': (machine) =>
    `${machine} läuft in QEMU; der Zustand kann dort noch nicht gesichert werden. Fahren Sie die Maschine herunter, oder lassen Sie sie laufen.`,

  'master-gone': () => 'Diese Vorlage gibt es nicht mehr.',
  'master-came-along': (master) => `${master} gehört zu Headwater und kann nicht entfernt werden.`,
  'master-of-headwater': (master) => `${master} ist eine Datei von Headwater selbst und bleibt, wo sie ist.`,
  'another-disk': (place, master) =>
    `An „${place}“ liegt nicht dieselbe Platte wie ${master}; Platten, die darauf liegen, können dort nicht weiterlesen.`,
  'disk-of-machine': (file, machine) =>
    `„${file}“ ist die Platte von ${machine} und wird von dort beschrieben. Duplizieren Sie diese Maschine, oder nehmen Sie eine Kopie der Datei.`,
  'master-needed': (master, machines) => `${master} wird noch gebraucht von ${machines}.`,
  'master-lain-on': (master) =>
    `${master} wird noch gebraucht: Eine Kopie oder eine andere Vorlage liegt darauf. Entfernen Sie diese zuerst.`,
  'copy-needed': (master, machines) => `Die lokale Kopie von ${master} wird noch gebraucht von ${machines}.`,

  'source-answers': (status) => `Die Quelle antwortete mit dem Status ${status}.`,
  'source-busy': (status) => `Die Quelle ist überlastet (Status ${status}).`,
  'source-without-ranges': () =>
    'Der Server gibt die Datei nur im Ganzen heraus, nicht in Teilen. Wählen Sie einen anderen.',
  'source-wants-login': () => 'Die Quelle verlangt einen Benutzernamen und ein Passwort.',
  'source-forbids': () => 'Die Quelle verweigert den Zugriff.',
  'source-lacks-file': () => 'An der Quelle gibt es die Datei nicht mehr.',
  'source-compresses': () => 'Der Server komprimiert die Daten, obwohl er das nicht soll.',
  'source-insecure': () => 'Eine sichere Verbindung zur Quelle kommt nicht zustande.',
  'source-silent': () => 'Die Quelle schickt seit einiger Zeit nichts mehr.',
  'state-unfit': () =>
    'Der Zustand passt nicht zu dieser Maschine, ihrer Platte oder diesem Headwater, oder er ist beschädigt.',
  'machine-without-screen': (machine) => `${machine} hat keinen Bildschirm.`,
  'copy-just-used': () => 'Gerade wurde eine Maschine angelegt, die auf der Kopie liegt.',
  'changed-while-imported': (file) =>
    `„${file}“ wurde verändert, während es importiert wurde. Fügen Sie es noch einmal hinzu.`,
  'nothing-to-copy': () => 'Es gibt nichts zu kopieren.',
  'disk-stalled-full': (file) =>
    `Für „${file}“ ist kein Platz mehr. Schaffen Sie welchen, und setzen Sie dann fort.`,
  'disk-stalled': (file) =>
    `Das Streamen nach „${file}“ brach mit einem Fehler ab. „Fortsetzen“ versucht es noch einmal.`,

  'not-an-address': (text) => `„${text}“ ist keine Adresse, die Headwater versteht.`,
  'feed-gone': () => 'Diesen Feed gibt es nicht mehr.',
  'feed-known': (feed) =>
    `${feed} ist schon unter Ihren Feeds. Entfernen Sie ihn zuerst, um ihn neu hinzuzufügen.`,
  'feed-unsigned': () => 'Der Feed ist nicht signiert.',
  'feed-other': () => 'An dieser Adresse liegt jetzt ein anderer Feed.',
  'feed-other-key': () => 'Der Feed ist mit einem anderen Schlüssel signiert als dem, der zu ihm gehört.',
  'feed-forged': () => 'Die Signatur gehört nicht zu diesem Inhalt: Jemand hat den Feed verändert.',
  'feed-old': (serial, known) => `Der Feed ist veraltet: Ausgabe ${serial}, bekannt ist schon ${known}.`,
  'feed-expired': (date) => `Der Feed galt bis ${date}, und einen neueren gibt es nicht.`,
  'feed-from-future': (date) =>
    `Der Feed wurde am ${date} ausgestellt, also in der Zukunft. Geht die Uhr dieses Computers richtig?`,
};

/** What the operating system calls what went wrong, as far as people meet it. */
export const GERMAN_ERRNOS: Readonly<Partial<Record<string, string>>> = {
  EACCES: 'kein Zugriff',
  EAI_AGAIN: 'der Name des Rechners kann gerade nicht nachgeschlagen werden',
  EBUSY: 'wird benutzt',
  ECONNREFUSED: 'der Rechner nimmt keine Verbindung an',
  ECONNRESET: 'die Verbindung brach ab',
  EDQUOT: 'der zugeteilte Platz ist verbraucht',
  EFBIG: 'die Datei würde zu groß für dieses Dateisystem',
  EHOSTUNREACH: 'kein Weg führt zu dem Rechner',
  EIO: 'Fehler des Datenträgers',
  EISDIR: 'es ist ein Ordner',
  EMFILE: 'zu viele offene Dateien',
  ENETUNREACH: 'es gibt kein Netz',
  ENOENT: 'die Datei gibt es nicht',
  ENOSPC: 'kein Platz mehr',
  ENOTDIR: 'es ist kein Ordner',
  ENOTFOUND: 'den Namen des Rechners kennt niemand',
  EPERM: 'nicht erlaubt',
  EPIPE: 'die Verbindung brach ab',
  EROFS: 'der Datenträger kann nur gelesen werden',
  ETIMEDOUT: 'keine Antwort',
  EXDEV: 'anderer Datenträger',
};

/** What all failures of a code have in common. */
export const GERMAN_CODES: Readonly<Record<FailureCode, string>> = {
  'invalid-argument': 'So geht das nicht.',
  'not-found': 'Etwas wurde nicht gefunden.',
  'permission-denied': 'Der Zugriff wurde verweigert.',
  'already-exists': 'Das gibt es schon.',
  busy: 'Das wird gerade benutzt.',
  'no-space': 'Auf der Platte dieses Computers ist kein Platz mehr.',
  io: 'Lesen oder Schreiben auf diesem Computer misslang.',
  'read-only': 'Das darf nur gelesen werden.',
  unsupported: 'Das wird nicht unterstützt.',
  malformed: 'Die Daten sind beschädigt oder von anderer Art.',
  'out-of-range': 'Das liegt außerhalb der Platte.',
  'source-unreachable': 'Die Quelle antwortet nicht.',
  'source-refused': 'Die Quelle gibt die Daten nicht heraus.',
  'source-changed': 'An der Quelle liegt eine andere Datei als zu Beginn.',
  untrusted: 'Der Signatur ist nicht zu trauen.',
  cancelled: 'Es wurde abgebrochen.',
  closed: 'Es wurde währenddessen beendet.',
  internal: 'In Headwater ist ein Fehler aufgetreten.',
};
