/** A run of 16 letters and digits, with both in it, or a UUID. */
const UNIQUE_ID = /(?=[a-z]{0,15}\d)(?=\d{0,15}[a-z])[a-z\d]{16}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/i;

/** Whether nothing else can have this id, as far as it looks: not `call_0` or `chatcmpl-217`. */
export function looksUnique(id: string): boolean {
  return UNIQUE_ID.test(id);
}
