import { SECTOR_BYTES } from '../../../../../shared/units.ts';
import type { IoCommand } from '../io-command.ts';
import { quantity } from '../quantity.ts';

export const alloc: IoCommand = {
  name: 'alloc',
  alias: 'a',
  synopsis: 'offset [count]',
  summary: 'checks if offset is allocated in the file',
  words: [1, 2],
  needs: 'disk',
  async run(call, disk) {
    const [offsetText = '', countText] = call.words;
    const start = call.size(offsetText);
    if (start === false) return false;
    const count = countText === undefined ? SECTOR_BYTES : call.size(countText);
    if (count === false) return false;
    const end = Math.max(start, Math.min(start + count, disk.lengthBytes));
    let allocatedBytes = 0;
    for (let offset = start; offset < end;) {
      const extent = await disk.extentAt(offset, end - offset);
      if (!extent.ok) return call.session.failed('is_allocated', extent);
      if (extent.value.kind !== 'unallocated') allocatedBytes += extent.value.length;
      offset += extent.value.length;
    }
    call.session.out(`${allocatedBytes}/${end - start} bytes allocated at offset ${quantity(start)}\n`);
    return true;
  },
};
