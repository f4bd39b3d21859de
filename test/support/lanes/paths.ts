import { join } from 'node:path';

/** The project's own folder. */
export const ROOT: string = join(import.meta.dirname, '..', '..', '..');
export const LANES_DIRECTORY: string = join(ROOT, '.lanes');
/** Where SDKs stand bundled, for programs that many tests start: to load their 947 files takes most of the time. */
export const BUNDLED_PACKAGES: string = join(LANES_DIRECTORY, 'bundled', 'node_modules');
export const PACKAGE_NAME = 'opentelemetry-instrumentation-openai';

export function laneDirectory(lane: string): string {
  return join(LANES_DIRECTORY, lane);
}

/** The Node that is installed in a lane. */
export function nodeIn(lane: string): string {
  return join(laneDirectory(lane), 'node_modules', 'node', 'bin', 'node');
}

/** Where the programs of test/lanes stand in a lane. */
export function programsDirectory(lane: string): string {
  return join(laneDirectory(lane), 'programs');
}
