import type { ApiRequest } from '../operations/index.ts';

/** The value of a parameter in the path of a request, by the name in the route's template. */
export function parameterOf({ route, values }: ApiRequest, name: string): string | undefined {
  const { parameters } = route;
  for (let index = 0; index < parameters.length; index++)
    if (parameters[index]?.name === name) return values[index];
  return undefined;
}
