import type { Messages } from '../en.ts';

export const hardware: Messages['hardware'] = {
  runsOn: 'Läuft auf',
  nothing: 'nichts auf diesem Computer',
  accelerators: { kvm: 'KVM', hvf: 'HVF', whpx: 'WHPX', tcg: 'emuliert' },
  network: 'Netz',
  networks: {
    v86: 'Keines: Die eingebaute Maschine hat keine Netzwerkkarte.',
    qemu: 'Über diesen Computer (NAT)',
  },
  noNetwork: 'ohne Netz',
  change: 'Läuft auf …',
  suspended: 'Setzen Sie sie fort, oder verwerfen Sie zuerst ihren gesicherten Zustand',
  heading: 'Worauf die Maschine läuft',
  backEnd: 'Läuft auf',
  backEnds: { automatic: 'Automatisch', v86: 'Eingebaut', qemu: 'QEMU' },
  backEndHelp: {
    automatic: 'Was eingebaut ist, wo das genügt, sonst QEMU.',
    v86: 'Gäste für 32 Bit mit bis zu 1.024 MiB Speicher, ohne Netz. Lässt sich anhalten und sichern.',
    qemu: 'Gäste aller Art, mit Netz. Lässt sich noch nicht anhalten und sichern.',
  },
  accelerate: 'Den Prozessor dieses Computers nutzen',
  accelerateHint: 'Wo das System es erlaubt. Sonst, oder abgeschaltet, ahmt QEMU einen nach.',
  ports: 'Weitergeleitete Ports',
  portsHint:
    'In QEMU. tcp:2222:22 führt von Port 2222 dieses Computers, den nur er selbst nutzen kann, zu Port 22 des Gasts.',
  portsError: 'Wie tcp:2222:22 oder udp:5353:53, mehrere mit Kommas; jeder Port dieses Computers nur einmal.',
};
