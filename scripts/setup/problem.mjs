/** Something that set-up cannot solve alone: what happened, and what the user can do about it. */
export class SetupProblem extends Error {
  /**
   * @param {string} message
   * @param {string} remedy complete sentences or a command line
   * @param {string[]} [output] last lines of the program that failed
   */
  constructor(message, remedy, output = []) {
    super(message);
    this.remedy = remedy;
    this.output = output;
  }
}

const NETWORK_TROUBLE =
  /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|network (request|timeout)|Could not (resolve (host|')|connect)|Temporary failure resolving|Unable to connect|Failed to fetch|Connection (timed out|failed)/i;

/** A remedy for a program that failed, judged by what it printed. */
export function remedyFor(output, otherwise) {
  const text = output.join('\n');
  if (NETWORK_TROUBLE.test(text)) {
    return 'The network could not be reached. Check the connection (and proxy settings); then run the same command again: it goes on where it stopped.';
  }
  if (/ENOSPC|No space left/i.test(text))
    return 'The disk is full. Make room, then run the same command again.';
  if (/EACCES|EPERM|Permission denied/i.test(text)) {
    return 'Something here belongs to another user, perhaps from a run as root. Give it back (chown -R "$USER" .) or run as that user.';
  }
  return otherwise;
}
