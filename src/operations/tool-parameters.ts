import { isInert, ownValue } from '../util/own-data.ts';
import { asObject, type PayloadObject } from '../util/payload.ts';

/** The JSON schema of what a function takes. One with accessors, such as a model class, is not read. */
export function readToolParameters(definition: unknown): PayloadObject | undefined {
  const parameters = asObject(ownValue(definition, 'parameters'));
  return parameters !== undefined && isInert(parameters) ? parameters : undefined;
}
