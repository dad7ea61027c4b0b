/** What a JSON text says; undefined, which no JSON text says, where it is not JSON. For a schema to look at. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
