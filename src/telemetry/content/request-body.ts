import { PERSONAL_FIELDS, type Settings } from '../../config/config.ts';
import { asObject, setOwn } from '../../util/payload.ts';
import { redactedMember } from './credentials.ts';

/** Fields that are content of their own. A `prompt` is the text of a legacy completion. */
const OWN_CONTENT: readonly string[] = ['messages', 'input', 'instructions', 'tools', 'functions', 'prompt'];
/** Fields of Azure and of gateways that hold keys. */
const CREDENTIALS: readonly string[] = ['data_sources', 'api_key', 'api_base', 'headers', 'extra_headers'];

/** The request without what has attributes of its own, without credentials, and without what names a person unless the program allows it. */
export function restOfRequest(body: unknown, recorded: Settings['recordRequest']): object | undefined {
  const fields = asObject(body);
  if (recorded === false || fields === undefined) return undefined;
  const allowed: readonly string[] = recorded === true ? [] : recorded;
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const isLeftOut =
      OWN_CONTENT.includes(name) ||
      CREDENTIALS.includes(name) ||
      redactedMember(fields, name, value) !== undefined ||
      (PERSONAL_FIELDS.includes(name) && !allowed.includes(name));
    if (!isLeftOut || (name === 'prompt' && typeof value === 'object' && !Array.isArray(value)))
      setOwn(rest, name, value);
  }
  return rest;
}
