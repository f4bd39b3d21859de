import type { Attributes, AttributeValue } from '@opentelemetry/api';

/** Sets an attribute if it has a value. */
export function define(attributes: Attributes, name: string, value: AttributeValue | undefined): void {
  if (value !== undefined) attributes[name] = value;
}

/** A flag that is recorded only if it is true. */
export function optional(flag: boolean | undefined): true | undefined {
  return flag === true ? true : undefined;
}
