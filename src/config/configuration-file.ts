/** Names a file that replaces all other variables. Only `…/register` and `startNodeSdk` read it. */
export const CONFIG_FILE_VARIABLE = 'OTEL_CONFIG_FILE';

/** Whether the variables of exporters have no effect, as a file replaces them. */
export function hasConfigurationFile(environment: Readonly<Record<string, string | undefined>>): boolean {
  return Boolean(environment[CONFIG_FILE_VARIABLE]?.trim());
}
