import { inQemuOrder } from '../../../shared/qemu-json.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import { isObject, type Json, type JsonObject } from '../wire/json.ts';

export interface Request {
  readonly command: string;
  readonly arguments: JsonObject;
}

const NO_ARGUMENTS = Object.freeze(Object.create(null) as JsonObject);

/** Checks the envelope of a request (`qmp_dispatch_check_obj`). */
export function checkRequest(message: Json): Result<Request> {
  if (!isObject(message)) return malformed('QMP input must be a JSON object');
  for (const [name, member] of inQemuOrder(message)) {
    if (name === 'id') continue;
    if (name === 'execute') {
      if (typeof member !== 'string') return malformed("QMP input member 'execute' must be a string");
    } else if (name === 'arguments') {
      if (!isObject(member)) return malformed("QMP input member 'arguments' must be an object");
    } else {
      return malformed(`QMP input member '${name}' is unexpected`);
    }
  }
  const { execute, arguments: given = NO_ARGUMENTS } = message;
  if (typeof execute !== 'string' || !isObject(given)) {
    return malformed("QMP input lacks member 'execute'");
  }
  return ok({ command: execute, arguments: given });
}

function malformed(text: string): Result<never> {
  return err('malformed', text);
}
