import type { Attributes } from '@opentelemetry/api';

/** The attributes of these names that have a value. */
export function pickAttributes(attributes: Attributes, names: readonly string[]): Attributes {
  const picked: Attributes = {};
  for (const name of names) {
    const value = attributes[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
