import { readFileSync } from 'node:fs';
import { CONFIG_FILE_VARIABLE } from '../config/environment.ts';
import { API_KEY } from '../util/otel-api.ts';
import { field } from '../util/payload.ts';

/**
 * Starts the SDK from a configuration file. The SDK always registers a logger for `diag`, which prints to standard
 * output. That logger is removed, unless the file has a `log_level`. If the program has a logger, that one stays.
 */
export function withOwnLogger<T>(start: () => T): T {
  const before = globalOfApi()?.diag;
  // Without this, the SDK would log that it replaces a logger.
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
    // The file cannot be read, which the SDK has reported.
    return false;
  }
}

function globalOfApi(): { diag?: unknown } | undefined {
  return field(globalThis, API_KEY) as { diag?: unknown } | undefined;
}
