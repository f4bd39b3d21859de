import type { ApiRequest } from '../operations/index.ts';

/**
 * The value of a parameter in the path of a request, by the name in the route's template. Older releases of openai send
 * an id that the program lacks as `undefined`, which is no id: calls of different users would share it.
 */
export function parameterOf({ route, values }: ApiRequest, name: string): string | undefined {
  const { parameters } = route;
  for (let index = 0; index < parameters.length; index++)
    if (parameters[index]?.name === name && values[index] !== 'undefined') return values[index];
  return undefined;
}
