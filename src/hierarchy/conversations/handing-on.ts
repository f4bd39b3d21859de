import type { Settings } from '../../config/config.ts';
import { notice } from '../../diagnostics/report.ts';
import type { Call } from '../../sdk/call.ts';
import { hasRoomForMark } from '../../sdk/metadata-propagation.ts';

type DrawingOptions = Pick<Settings, 'adoptRuns' | 'propagateInMetadata'>;

/**
 * Whether the process that creates something leaves it to the process that works on it. If so, the request says that in
 * the metadata. A process that reads a stream draws what it created itself.
 *
 * @param isRun a run or a background response: a turn has no metadata, so whoever asks for it draws it
 */
export function handsOn(
  call: Call,
  { adoptRuns, propagateInMetadata }: DrawingOptions,
  isRun: boolean,
): boolean {
  if (adoptRuns === false) return false;
  if (propagateInMetadata) call.handsOn = isRun && !call.streamed && hasRoomForMark(call.body);
  else notice('adopts_unmarked');
  return call.handsOn;
}

/** Whether a request works on what it is about, rather than only looks at it. */
export function drives(
  call: Pick<Call, 'streamed' | 'pollHelper'>,
  outputs: readonly unknown[] = [],
): boolean {
  return call.streamed || call.pollHelper || outputs.length > 0;
}

/** Whether this process draws what another one handed on, or what one without instrumentation created. */
export function adopts({ adoptRuns }: Pick<Settings, 'adoptRuns'>, isDriven: boolean): boolean {
  return adoptRuns === 'polled' || (adoptRuns !== false && isDriven);
}
