import { PERSONAL_FIELDS, type Settings } from '../../config/config.ts';
import { asObject, setOwn } from '../../util/payload.ts';

/** Fields that are content of their own. A `prompt` is the text of a legacy completion. */
const OWN_CONTENT: readonly string[] = ['messages', 'input', 'instructions', 'tools', 'functions', 'prompt'];

/** The request without what has attributes of its own, and without what names a person unless the program allows it. */
export function restOfRequest(body: unknown, recorded: Settings['recordRequest']): object | undefined {
  const fields = asObject(body);
  if (recorded === false || fields === undefined) return undefined;
  const allowed: readonly string[] = recorded === true ? [] : recorded;
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const isLeftOut =
      OWN_CONTENT.includes(name) || (PERSONAL_FIELDS.includes(name) && !allowed.includes(name));
    if (!isLeftOut || (name === 'prompt' && typeof value === 'object' && !Array.isArray(value)))
      setOwn(rest, name, value);
  }
  return rest;
}
