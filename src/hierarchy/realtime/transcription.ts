import type { ApiRequest } from '../../operations/index.ts';
import { realtimeTranscription } from '../../operations/realtime-transcription.ts';
import { matchRoute } from '../../sdk/routes/index.ts';
import { ATTR_OPENAI_ITEM_ID } from '../../semconv/attributes.ts';
import type { Spent } from '../../telemetry/cost/spent.ts';
import { placeAttributes } from '../../telemetry/place.ts';
import { CallSpan } from '../../telemetry/spans/call-span.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { SessionPlace } from './session.ts';

export interface Transcribed {
  readonly event: unknown;
  readonly itemId: string | undefined;
  readonly model: string | undefined;
  /** When the speech ended. */
  readonly startTime: number;
  readonly endTime: number;
  readonly spent: (spent: Spent) => void;
}

/** Records the transcript of what the user has said, once it has come or failed. */
export function recordTranscription(
  telemetry: Telemetry,
  { endpoint, context, of }: SessionPlace,
  { event, itemId, model, startTime, endTime, spent }: Transcribed,
): void {
  const request: ApiRequest = {
    ...matchRoute('POST', '/realtime'),
    method: 'POST',
    body: { model },
    streamed: false,
    deployment: undefined,
  };
  const span = new CallSpan(
    telemetry,
    { startTime },
    {
      operation: realtimeTranscription,
      request,
      endpoint,
      place: {
        parent: context,
        attributes: {
          ...placeAttributes(of()),
          ...(itemId !== undefined && { [ATTR_OPENAI_ITEM_ID]: itemId }),
        },
        ended: (_, __, ownSpent) => spent(ownSpent),
      },
    },
  );
  span.finish(event, endTime);
}
