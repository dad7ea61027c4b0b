import { COMMAND, COMMAND_FLAG, ERROR } from '../../block/nbd/protocol.ts';
import { DEFAULT_BLOCK_SIZES, isReadOnly, type NbdExport } from '../export.ts';
import type { Refusal } from './refusal.ts';
import type { NbdRequest } from './request.ts';

/** What was agreed on before the first request. */
export interface Agreement {
  readonly structured: boolean;
  /** Names of the metadata contexts that were selected, in the order of their ids, which begin at 1. */
  readonly contexts: readonly string[];
}

interface Rules {
  readonly name: string;
  /** Flags that may stand there; FUA may with all of them. */
  readonly flags: number;
  readonly writes: boolean;
  /** Moves data over the connection or into memory, so that the maximum size counts. */
  readonly moves: boolean;
  /** What a range outside the export is answered with. */
  readonly outside: number;
}

const RULES: Readonly<Record<number, Rules>> = {
  [COMMAND.read]: {
    name: 'read',
    flags: COMMAND_FLAG.df,
    writes: false,
    moves: true,
    outside: ERROR.inval,
  },
  [COMMAND.write]: { name: 'write', flags: 0, writes: true, moves: true, outside: ERROR.nospc },
  [COMMAND.trim]: { name: 'trim', flags: 0, writes: true, moves: false, outside: ERROR.inval },
  [COMMAND.cache]: { name: 'cache', flags: 0, writes: false, moves: false, outside: ERROR.inval },
  [COMMAND.writeZeroes]: {
    name: 'write-zeroes',
    flags: COMMAND_FLAG.noHole | COMMAND_FLAG.fastZero,
    writes: true,
    moves: false,
    outside: ERROR.nospc,
  },
  [COMMAND.blockStatus]: {
    name: 'block-status',
    flags: COMMAND_FLAG.requestOne,
    writes: false,
    moves: false,
    outside: ERROR.inval,
  },
};

/** Whether the protocol allows a request; with the error values it asks for. */
export function checkRequest(request: NbdRequest, served: NbdExport, agreement: Agreement): Refusal | null {
  const { command, flags, offset, length } = request;
  if (command === COMMAND.flush) {
    const plain = (flags & ~COMMAND_FLAG.fua) === 0 && offset === 0 && length === 0;
    return plain ? null : invalid('a flush has no flags, offset or length');
  }
  const rules = RULES[command];
  if (rules === undefined) return invalid(`there is no command ${command}`);
  const { name } = rules;
  const allowed = command === COMMAND.read && !agreement.structured ? 0 : rules.flags;
  if ((flags & ~(allowed | COMMAND_FLAG.fua)) !== 0) {
    return invalid(`a ${name} request may not carry the flags 0x${flags.toString(16)}`);
  }
  if (rules.writes && isReadOnly(served)) {
    return { error: ERROR.perm, message: 'the export is read-only' };
  }
  if (command === COMMAND.blockStatus) {
    if (agreement.contexts.length === 0) return invalid('no metadata context was negotiated');
    if (length === 0) return invalid('a block-status request for no bytes');
  }
  const { minimum, maximum } = served.blockSizes ?? DEFAULT_BLOCK_SIZES;
  if (offset + length > served.device.lengthBytes) {
    return {
      error: rules.outside,
      message: `a ${name} request of ${length} bytes at ${offset} is outside the export`,
    };
  }
  if (offset % minimum !== 0 || length % minimum !== 0) {
    return invalid(`a ${name} request must begin and end at multiples of ${minimum} bytes`);
  }
  if (rules.moves && length > maximum) {
    return invalid(`a ${name} request may have ${maximum} bytes at most`);
  }
  return null;
}

function invalid(message: string): Refusal {
  return { error: ERROR.inval, message };
}
