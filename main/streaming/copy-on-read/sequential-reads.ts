import { KIB, MIB } from '../../../shared/units.ts';
import { rangeEnd, type Range } from '../../block/range.ts';

const FIRST_AHEAD_BYTES = 256 * KIB;
const MOST_AHEAD_BYTES = 4 * MIB;
/** A guest reads several files at a time; streams beyond this number push out the least recently used. */
const MOST_STREAMS = 8;
/** A read this close behind or ahead of where a stream stands belongs to it: metadata is skipped, queues reorder. */
const SLACK_BYTES = 64 * KIB;

interface Stream {
  /** End of the furthest read. */
  endBytes: number;
  /** End of what was asked for ahead of it. */
  aheadTo: number;
  aheadBytes: number;
}

/** Recognises guests that read forwards, and says what to fetch ahead of them: 256 KiB at first, up to 4 MiB. */
export class SequentialReads {
  readonly #streams: Stream[] = [];

  /** Takes note of a read; returns the stretch that is now worth fetching ahead, or null. */
  note(read: Range): Range | null {
    const end = rangeEnd(read);
    const index = this.#streams.findIndex((stream) => Math.abs(read.offset - stream.endBytes) <= SLACK_BYTES);
    const [known] = index < 0 ? [] : this.#streams.splice(index, 1);
    const stream = known ?? { endBytes: end, aheadTo: end, aheadBytes: 0 };
    this.#streams.unshift(stream);
    this.#streams.length = Math.min(this.#streams.length, MOST_STREAMS);
    if (known === undefined || end <= known.endBytes) return null;
    stream.endBytes = end;
    stream.aheadTo = Math.max(stream.aheadTo, end);
    // Topped up in halves, so that requests stay large.
    if (stream.aheadTo - end > stream.aheadBytes / 2) return null;
    stream.aheadBytes = Math.min(Math.max(2 * stream.aheadBytes, FIRST_AHEAD_BYTES), MOST_AHEAD_BYTES);
    const from = stream.aheadTo;
    stream.aheadTo = end + stream.aheadBytes;
    return stream.aheadTo > from ? { offset: from, length: stream.aheadTo - from } : null;
  }
}
