import type { ApiRequest } from '../operations/index.ts';

/** What older releases of openai send for an id that the program lacks. As an id, different users would share it. */
const NO_IDS: ReadonlySet<string | undefined> = new Set(['undefined', 'null']);

/** The value of a parameter in the path of a request, by the name in the route's template. */
export function parameterOf({ route, values }: ApiRequest, name: string): string | undefined {
  const { parameters } = route;
  for (let index = 0; index < parameters.length; index++)
    if (parameters[index]?.name === name && !NO_IDS.has(values[index])) return values[index];
  return undefined;
}
