import { dirname, join } from 'node:path';
import type { Finding } from '../diagnostics/findings.ts';
import { isOlder } from '../diagnostics/tested-versions.ts';
import { textField } from '../util/payload.ts';
import { readManifest } from './files.ts';
import type { InstalledPackage } from './installed.ts';
import { describeProjectFinding } from './project-findings.ts';

export const API = '@opentelemetry/api';
/** What SDK 3 requires. SDK 2 requires an older one. */
const API_OF_SDK_3 = '1.10.0';

/**
 * SDK 3 does not start with the API of SDK 2. Only npm refuses to install the two together. SDK 1 counts only alone: other
 * packages bring a copy of their own.
 */
export function examineApi(sdks: readonly InstalledPackage[]): Finding[] {
  if (sdks.every((sdk) => isBefore(2, sdk))) {
    const names = new Set(sdks.map(({ name, version }) => `${name} ${version}`));
    return [describeProjectFinding('sdk_too_old', [...names].sort().join(', '))];
  }
  const sdks3 = sdks.filter((sdk) => !isBefore(3, sdk));
  const found = sdks3.flatMap(({ name, version, directory }): [string, string][] => {
    const api = apiOf(directory);
    return api !== undefined && isOlder(api, API_OF_SDK_3) ? [[`${name} ${version}`, api]] : [];
  });
  return [...new Map(found)].map((names) => describeProjectFinding('api_too_old', ...names));
}

function isBefore(major: number, { name, version }: InstalledPackage): boolean {
  return isOlder(version, name === '@opentelemetry/sdk-node' ? `0.${major}00.0` : `${major}.0.0`);
}

/** The version of the API that a package loads. */
function apiOf(directory: string): string | undefined {
  const version = textField(readManifest(join(directory, 'node_modules', API)), 'version');
  const above = dirname(directory);
  return version ?? (above === directory ? undefined : apiOf(above));
}
