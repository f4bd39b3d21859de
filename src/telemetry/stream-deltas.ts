import { type Attributes, SpanKind } from '@opentelemetry/api';
import { EVENT_OPENAI_MESSAGE_DELTA } from '../semconv/events.ts';
import type { OpenRecord } from './placement.ts';
import type { Telemetry } from './telemetry.ts';

export interface RecordedDeltas {
  /** When each delta arrived, in milliseconds since the epoch. */
  readonly times: readonly number[];
  readonly endTime: number;
  readonly ids: Attributes;
}

export function recordDeltas(telemetry: Telemetry, step: OpenRecord, deltas: RecordedDeltas): void {
  const { streamDeltas } = telemetry.settings;
  const { times, endTime, ids } = deltas;
  if (streamDeltas === 'events') {
    for (const time of times) step.addEvent(EVENT_OPENAI_MESSAGE_DELTA, {}, time);
  } else if (streamDeltas === 'spans') {
    times.forEach((time, index) => {
      const delta = telemetry.startSpan(
        'message_delta',
        { kind: SpanKind.INTERNAL, startTime: Math.min(time, endTime), attributes: ids },
        step.context,
      );
      delta.end(Math.min(times[index + 1] ?? endTime, endTime));
    });
  }
}
