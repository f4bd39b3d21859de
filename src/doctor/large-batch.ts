import type { Settings } from '../config/config.ts';
import { describeFinding, type Finding } from '../diagnostics/findings.ts';
import { MAX_SPAN_INLINE_LENGTH } from '../telemetry/content/media.ts';
import type { Environment } from '../util/variables.ts';

const DEFAULT_BATCH_SIZE = 512;
const DEFAULT_SPAN_LENGTH = 65_536;
/** What most collectors accept at once. */
const MAX_COLLECTED_LENGTH = 4_194_304;

/** Warns if the options let spans grow beyond the default, so far that collectors may refuse a batch of full ones. */
export function describeLargeBatch(settings: Settings, environment: Environment): Finding[] {
  const { captureMessageContent: mode, maxSpanContentLength, media } = settings;
  const length = maxSpanContentLength + (media === 'inline' ? MAX_SPAN_INLINE_LENGTH : 0);
  if (mode === 'NO_CONTENT' || length <= DEFAULT_SPAN_LENGTH) return [];
  const size = Number(environment.OTEL_BSP_MAX_EXPORT_BATCH_SIZE?.trim()) || DEFAULT_BATCH_SIZE;
  return size * length > MAX_COLLECTED_LENGTH ? [describeFinding('batch_too_large', String(size))] : [];
}
