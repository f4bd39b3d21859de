import { readFileSync } from 'node:fs';
import { CONFIG_FILE_VARIABLE } from '../config/environment.ts';
import { API_KEY } from '../util/otel-api.ts';
import { field } from '../util/payload.ts';

/** The variable that names a configuration file. Its earlier name may still be set, for a version that does not read it. */
export function configurationFileVariable(
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return [CONFIG_FILE_VARIABLE, 'OTEL_EXPERIMENTAL_CONFIG_FILE'].find(
    (name) => (environment[name]?.trim() ?? '') !== '',
  );
}

/**
 * Starts the SDK of a configuration file without the logger for `diag` that it always registers, which prints to standard
 * output: a logger of the program stays, and else only a file with a `log_level` asks for one.
 */
export function withOwnLogger<T>(start: () => T): T {
  const before = globalOfApi()?.diag;
  // The SDK would log that it replaces one.
  delete globalOfApi()?.diag;
  try {
    return start();
  } finally {
    const after = globalOfApi();
    if (before === undefined && !asksForLogger()) delete after?.diag;
    else if (before !== undefined && after !== undefined) after.diag = before;
  }
}

function asksForLogger(): boolean {
  try {
    const file = process.env[CONFIG_FILE_VARIABLE]?.trim() ?? '';
    return /^["'{\s]*log_level\b/m.test(readFileSync(file, 'utf8'));
  } catch {
    // The SDK has said so.
    return false;
  }
}

function globalOfApi(): { diag?: unknown } | undefined {
  return field(globalThis, API_KEY) as { diag?: unknown } | undefined;
}
