import type { Messages } from '../en.ts';
import { plural } from '../plural.ts';

export const streamState: Messages['streamState'] = {
  'not-started': 'Nicht begonnen',
  streaming: 'Wird gestreamt',
  paused: 'Angehalten',
  'waiting-for-source': 'Wartet auf Quelle',
  'source-changed': 'Quelle verändert',
  failed: 'Fehlgeschlagen',
  complete: 'Vollständig',
  linked: 'Verknüpft',
  queued: 'Wartet, bis es dran ist',
  metered: 'Zurückgehalten',
  'after-copy': 'Wartet auf die Kopie',
};

export const streamHelp: Messages['streamHelp'] = {
  'not-started': 'Nur was der Gast liest, wird geholt. „Streamen“ holt auch den Rest.',
  streaming: 'Was fehlt, kommt hinter dem Gast herein.',
  paused: 'Angehalten: Nur was der Gast liest, wird geholt. „Fortsetzen“ holt auch den Rest.',
  complete: 'Vollständig. Sie braucht keine Quelle und kein Netz mehr.',
  linked: 'Sie enthält nur, was von ihrer Vorlage abweicht, und soll nicht streamen.',
  'waiting-for-source':
    'Die Quelle ist zurzeit nicht zu lesen. Headwater versucht es weiter; der Gast arbeitet mit dem, was schon hier ist.',
  'source-changed':
    'Die Datei an der Quelle ist nicht mehr die, mit der diese Platte begonnen hat. Was hier ist, bleibt benutzbar; was fehlt, kann nicht geholt werden.',
  failed: 'Das Streamen endete mit einem Fehler. Was hier ist, bleibt.',
  queued:
    'Andere Platten sind zuerst dran. Es geht von selbst weiter; eine höhere Priorität oder mehr gleichzeitige Streams in den Einstellungen ziehen sie vor.',
  metered: 'Die Verbindung ist getaktet: Nur was der Gast liest, wird geholt.',
  'after-copy': 'Kopiert von der lokalen Kopie, auf der sie liegt, sobald diese vollständig ist.',
};

export const streamBrief: Messages['streamBrief'] = {
  'not-started': 'holt, was ihr Gast liest',
  streaming: 'kommt hinter dem Gast herein',
  paused: 'holt, was ihr Gast liest',
  'waiting-for-source': 'die Quelle antwortet nicht',
  'source-changed': 'was fehlt, ist nicht zu holen',
  failed: 'endete mit einem Fehler',
  complete: 'braucht keine Quelle mehr',
  linked: 'enthält, was von der Vorlage abweicht',
  queued: 'andere Platten sind zuerst dran',
  metered: 'die Verbindung ist getaktet',
  'after-copy': 'die Kopie darunter kommt zuerst',
};

export const waysOut: Messages['waysOut'] = {
  open: 'Was zu tun ist …',
  heading: (name) => `Die Platte von ${name}`,
  label: 'Was zu tun ist',
  ways: {
    retry: 'Jetzt noch einmal versuchen',
    elsewhere: 'Dieselbe Platte an einem anderen Ort lesen',
    renew: 'Eine neue Maschine aus dem machen, was jetzt dort liegt',
    keep: 'Behalten, was hier ist, und nicht mehr streamen',
  },
  help: {
    retry: 'Headwater versucht es auch von selbst wieder; das wartet nicht auf das nächste Mal.',
    elsewhere:
      'Ein Spiegel oder eine Datei, die Sie geholt haben. Nur die Länge lässt sich vergleichen: Wählen Sie, was sicher dieselbe Platte ist.',
    elsewhereVerified:
      'Ein Spiegel oder eine Kopie des Ordners. Jedes Byte wird mit den veröffentlichten Prüfsummen verglichen.',
    renew:
      'Sie beginnt mit der neuen Fassung. Diese Maschine und was ihr Gast schrieb, bleiben, wie sie sind.',
    keep: 'Nichts wird gelöscht. Der Gast arbeitet mit dem, was hier ist, und wartet, wo etwas fehlt.',
  },
  doit: {
    retry: 'Noch einmal versuchen',
    elsewhere: 'Von dort lesen',
    renew: 'Machen und starten',
    keep: 'Nicht mehr streamen',
  },
  offFirst: (names) => `Nicht, solange eine Maschine sie liest: Schalten Sie zuerst ${names} aus.`,
  placeFirst: 'Sagen Sie zuerst, wo sie liegt.',
  newVersion: (name) => `${name}, neue Fassung`,
};

export const disk: Messages['disk'] = {
  heading: 'Platte',
  numbered: (number) => `Platte ${number}`,
  progress: (name) => `Fortschritt von ${name}`,
  localOf: (local, total) => `${local} von ${total} sind hier`,
  localUnknown: (total) => `${total}, noch nicht gezählt`,
  file: 'Datei',
  fileTakes: (size) => `belegt ${size}`,
  source: 'Quelle',
  noSource: 'keine nötig',
  rate: 'Rate',
  remaining: 'Restzeit',
  remainingUnknown: 'noch nicht bekannt',
  idle: '–',
  bootReady: 'Alles, was ein Start liest, ist hier',
  bootPending: (size) => `noch ${size}, bis alles hier ist, was ein Start liest`,
  pack: (size) => `Was ein Start liest, kommt in einem Paket: startet nach ${size}`,
  packOf: (here, all) => `${here} von ${all} sind hier`,
  packWaits: 'seine Quelle antwortet zurzeit nicht',
  packLabel: 'Fortschritt des Startpakets',
  waitingReads: (count, text) =>
    plural(
      count,
      'Ein Lesezugriff des Gasts wartet auf die Quelle',
      `${text} Lesezugriffe des Gasts warten auf die Quelle`,
    ),
  linkedText: (master) => `Verknüpft: enthält nur, was von ${master} abweicht.`,
  linkedComplete: (master) => `Vollständig hier: liegt auf ${master} und enthält nur, was davon abweicht.`,
  sharesSnapshot: (names) => `Vollständig hier; teilt sich einen Schnappschuss mit ${names}.`,
  sharedCopy: (share) => `Die lokale Kopie, auf der sie liegt: ${share} ist hier`,
  stream: {
    start: 'Streamen',
    pause: 'Anhalten',
    resume: 'Fortsetzen',
    cancel: 'Streamen beenden',
    'retry-now': 'Jetzt versuchen',
    'resume-anyway': 'Trotzdem streamen',
    'complete-now': 'Jetzt eigenständig machen',
  },
  completeNowHint: 'Vor allen anderen Platten, ohne eigene Grenze, auch über eine getaktete Verbindung',
  chart: 'Durchsatz der letzten fünf Minuten',
  chartPeak: (rate) => `höchstens ${rate}`,
  chartNothing: 'In diesen fünf Minuten kam nichts herein.',
  chartNow: 'jetzt',
  chartAgo: 'vor 5 min',
  map: 'Clusterkarte',
  mapLabel: (share) => `Karte der Platte: ${share} sind hier`,
  mapCell: (size) => `ein Quadrat sind ${size}`,
  data: 'Daten hier',
  demanded: 'Vom Gast zuerst gelesen',
  zero: 'Nullen, brauchen keinen Platz',
  fetching: 'Wird gerade geholt',
  missing: 'Noch nicht hier',
  mapFailed: 'Die Karte kann zurzeit nicht gelesen werden.',
  settings: 'Einstellungen des Streams',
  limit: 'Grenze',
  limitDefault: (rate) => `Wie üblich: ${rate}`,
  limitNone: 'Keine Grenze',
  limitOwn: 'Eigene Grenze',
  limitUnit: 'Einheit',
  limitError: 'Eine Zahl über 0 oder nichts.',
  noLimit: 'keine Grenze',
  priority: 'Priorität',
  priorityHint: 'Wer zuerst dran ist und mehr von einer gemeinsamen Grenze bekommt.',
  priorities: { high: 'Hoch', normal: 'Normal', low: 'Niedrig' },
  onError: 'Wenn das Streamen scheitert',
  onErrorChoice: {
    report: 'Melden und Streamen beenden',
    ignore: 'Unlesbares überspringen',
    stop: 'Anhalten und warten',
    enospc: 'Bei voller Festplatte anhalten',
  },
};
