/** What developers and CI have in their shells for other programs: settings of OpenTelemetry and `openai`, and color. */
export const SHELL_SETTINGS: RegExp = /^(?:OTEL_|OPENAI_|AZURE_OPENAI_|FORCE_COLOR$)/i;

/** Removes what would change the programs under test. Called before the workers start, which inherit the rest. */
export function removeShellSettings(): void {
  for (const name of Object.keys(process.env)) if (SHELL_SETTINGS.test(name)) delete process.env[name];
}
