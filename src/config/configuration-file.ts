/** Names a file that replaces all other variables. Only `…/register` and `startNodeSdk` read it. */
export const CONFIG_FILE_VARIABLE = 'OTEL_CONFIG_FILE';

/** The variable that names a configuration file. Its earlier name may still be set, for a version that does not read it. */
export function configurationFileVariable(
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return [CONFIG_FILE_VARIABLE, 'OTEL_EXPERIMENTAL_CONFIG_FILE'].find(
    (name) => (environment[name]?.trim() ?? '') !== '',
  );
}
