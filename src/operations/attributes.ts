import type { Attributes, AttributeValue } from '@opentelemetry/api';

/** Sets an attribute where there is a value for it. */
export function define(attributes: Attributes, name: string, value: AttributeValue | undefined): void {
  if (value !== undefined) attributes[name] = value;
}

/** A flag that is recorded only when it is set. */
export function optional(flag: boolean | undefined): true | undefined {
  return flag === true ? true : undefined;
}
