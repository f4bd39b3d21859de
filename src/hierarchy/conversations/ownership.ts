import type { Settings } from '../../config/config.ts';
import { notice } from '../../diagnostics/report.ts';
import type { Call } from '../../sdk/call.ts';
import { hasRoomForMark } from '../../sdk/metadata-propagation.ts';
import { isPollHelper } from '../../sdk/poll-helpers.ts';
import { dateOf } from '../operation-clock.ts';

type RecordingOptions = Pick<Settings, 'adoptRuns' | 'propagateInMetadata'>;

/**
 * Whether the process that creates something leaves it to the process that works on it. If so, the request says that in
 * the metadata. A process that reads a stream records what it created itself.
 *
 * @param isRun a run or a background response. A turn has no metadata, so the process that requests it records it
 */
export function handsOn(
  call: Call,
  { adoptRuns, propagateInMetadata }: RecordingOptions,
  isRun: boolean,
): boolean {
  if (adoptRuns === false) return false;
  if (propagateInMetadata) call.handsOn = isRun && !call.streamed && hasRoomForMark(call.body);
  else notice('adopts_unmarked');
  return call.handsOn;
}

/** Whether a request works on what it is about, rather than only looks at it. */
export function drives(
  call: Pick<Call, 'streamed' | 'requestHeaders' | 'context'>,
  outputs: readonly unknown[] = [],
): boolean {
  return call.streamed || isPollHelper(call) || outputs.length > 0;
}

/** What ended earlier may have been recorded, and forgotten since: a list shows it again and again. */
const MAX_ADOPTED_AGE_MS = 3_600_000;

/** What decides whether something is adopted, where the settings allow it. */
export interface Adoptable {
  readonly isDriven: boolean;
  /** When the server says that it ended. */
  readonly endedAt: number | undefined;
  /** Of the response that shows it, and when that came. */
  readonly headers: unknown;
  readonly time: number;
}

/** Whether this process records what another one handed on, or what one without instrumentation created. */
export function adopts({ adoptRuns }: Pick<Settings, 'adoptRuns'>, found: Adoptable): boolean {
  const { isDriven, endedAt, headers, time } = found;
  if (endedAt !== undefined && endedAt < (dateOf(headers) ?? time) - MAX_ADOPTED_AGE_MS) return false;
  return adoptRuns === 'polled' || (adoptRuns !== false && isDriven);
}
