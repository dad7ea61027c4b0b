/** What a machine runs on. */
export const hardware = {
  runsOn: 'Runs on',
  nothing: 'nothing on this computer',
  accelerators: { kvm: 'KVM', hvf: 'HVF', whpx: 'WHPX', tcg: 'emulated' },
  network: 'Network',
  networks: {
    v86: 'None: the built-in machine has no network card.',
    qemu: 'Through this computer (NAT)',
  },
  noNetwork: 'no network',
  change: 'Runs on…',
  suspended: 'Resume it, or discard its saved state first',
  heading: 'What the machine runs on',
  backEnd: 'Runs on',
  backEnds: { automatic: 'Automatic', v86: 'Built in', qemu: 'QEMU' },
  backEndHelp: {
    automatic: 'What is built in where it can, QEMU for the rest.',
    v86: 'Guests for 32 bits with up to 1,024 MiB of memory, without a network. Can be suspended.',
    qemu: 'Guests of all kinds, with a network. Cannot be suspended yet.',
  },
  accelerate: 'Use this computer’s processor',
  accelerateHint: 'Where the system allows it. Otherwise, or switched off, QEMU emulates one.',
  ports: 'Forwarded ports',
  portsHint:
    'In QEMU. tcp:2222:22 leads port 2222 of this computer, which only it can use, to port 22 of the guest.',
  portsError:
    'Like tcp:2222:22 or udp:5353:53, with commas between several; each port of this computer once.',
};
