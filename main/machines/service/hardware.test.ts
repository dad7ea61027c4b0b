import { describe, expect, it } from 'vitest';
import { USUAL_HARDWARE, type Hardware } from '../../../shared/hardware.ts';
import { err, unwrap } from '../../../shared/result.ts';
import { MachineRoom } from '../../../test/support/machine-room.ts';
import { hostWithQemu } from '../../../test/support/pretended-qemu.ts';
import type { MachineToMake } from '../make-machine.ts';
import { QemuHost } from '../qemu/host.ts';

const SSH = { protocol: 'tcp', hostPort: 2222, guestPort: 22 } as const;
const WITH_SSH: Hardware = { ...USUAL_HARDWARE, backEnd: 'qemu', forwards: [SSH] };

async function openRoom(qemu: QemuHost) {
  const made: MachineToMake[] = [];
  const room = new MachineRoom({
    qemu,
    makeMachine: (machine) => {
      made.push(machine);
      return err('unsupported', 'it is enough to know what was to be made');
    },
  });
  return { room, made, machines: (await room.open()).machines };
}

describe('what a machine runs on', () => {
  it('is chosen by itself, and can be chosen while the machine is off', async () => {
    const { room, made, machines } = await openRoom(hostWithQemu());
    const { id, runsOn, hardware } = await room.create();
    expect([runsOn?.backEnd, hardware]).toEqual(['v86', USUAL_HARDWARE]);
    unwrap(await machines.setHardware({ id, hardware: WITH_SSH }));
    const [changed] = unwrap(await machines.list());
    expect(changed).toMatchObject({ hardware: WITH_SSH, runsOn: { backEnd: 'qemu' }, canSuspend: false });
    await machines.command({ id, command: 'start' });
    expect(made).toEqual([
      expect.objectContaining({ hardware: WITH_SSH, guest: { arch: 'i386', diskBus: 'virtio' } }),
    ]);
  });

  it('can be chosen for a new machine, where it is there', async () => {
    const { machines } = await openRoom(hostWithQemu());
    const wanted = { applianceId: 'tiny', start: false, backEnd: 'qemu' } as const;
    expect(unwrap(await machines.create(wanted))).toMatchObject({ runsOn: { backEnd: 'qemu' } });
    const bare = await openRoom(new QemuHost({ path: '' }));
    expect(await bare.machines.create(wanted)).toMatchObject({
      failure: { words: ['qemu-missing', 'i386', 'qemu-system-x86'] },
    });
  });

  it('is QEMU for memory that nothing else has, and nothing where that is missing', async () => {
    const { room, machines } = await openRoom(hostWithQemu());
    const { id } = await room.create();
    unwrap(await machines.setMemory({ id, memoryMiB: 4096 }));
    expect(unwrap(await machines.list())[0]?.runsOn?.backEnd).toBe('qemu');
    const bare = await openRoom(new QemuHost({ path: '' }));
    const small = await bare.room.create();
    unwrap(await bare.machines.setMemory({ id: small.id, memoryMiB: 4096 }));
    expect(unwrap(await bare.machines.list())[0]?.runsOn).toBeNull();
  });

  it('has no port that leads to another machine, and a duplicate none at all', async () => {
    const { room, machines } = await openRoom(hostWithQemu());
    const first = await room.create({ name: 'Anna' });
    const second = await room.create({ name: 'Berta' });
    unwrap(await machines.setHardware({ id: first.id, hardware: WITH_SSH }));
    expect(await machines.setHardware({ id: second.id, hardware: WITH_SSH })).toMatchObject({
      failure: { code: 'busy', words: ['port-of-machine', 'tcp port 2222', 'Anna'] },
    });
    expect(unwrap(await machines.duplicate({ id: first.id })).hardware).toEqual({
      ...WITH_SSH,
      forwards: [],
    });
  });
});
