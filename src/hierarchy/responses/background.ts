import { trace } from '@opentelemetry/api';
import { responseIn } from '../../operations/response/accumulator.ts';
import { keptResponse } from '../../operations/response/kept-response.ts';
import type { Call } from '../../sdk/call.ts';
import { readWithClient } from '../../sdk/own-requests.ts';
import type { Endpoint } from '../../sdk/provider.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { EVENT_OPENAI_RESPONSE_REQUEST } from '../../semconv/events.ts';
import type { TextLimits } from '../../telemetry/kept-text.ts';
import { field, stringField } from '../../util/payload.ts';
import { activeSpan, isInTrace } from '../conversations/conversation.ts';
import type { Send } from '../dialect.ts';
import {
  type ContinuationTraits,
  ContinuingOperation,
  type ContinuingStart,
} from '../invocations/continuing-operation.ts';
import { isLeft } from '../invocations/invocation-requests.ts';
import type { Retrievable } from '../invocations/life.ts';
import { asTime } from '../operation-clock.ts';

const ENDED_RESPONSE_STATUSES: ReadonlySet<string> = new Set([
  'completed',
  'failed',
  'cancelled',
  'incomplete',
]);

/** A background response that has shown no sign of life for this time is given up. */
const BACKGROUND_RESPONSE_TIMEOUT_MS = 1_800_000;

/** Whether a response is in progress after its call, which only a background response can be. */
export function isResponseOpen(response: unknown): boolean {
  return field(response, 'background') === true && stateOf(response) === 'open';
}

function stateOf(response: unknown): ReturnType<ContinuationTraits['stateOf']> {
  const status = stringField(response, 'status');
  if (status === undefined) return undefined;
  return ENDED_RESPONSE_STATUSES.has(status) ? 'over' : 'open';
}

/** @param limits of texts; `undefined` where content is not recorded */
function continuation(limits: TextLimits | undefined): ContinuationTraits {
  return {
    timeout: BACKGROUND_RESPONSE_TIMEOUT_MS,
    stateOf,
    kept: (response) => keptResponse(response, limits),
    resultIn: responseIn,
    requestEvent: { name: EVENT_OPENAI_RESPONSE_REQUEST, status: ATTR.GEN_AI_RESPONSE_STATUS },
    endedAt: (response) => asTime(field(response, 'completed_at')),
  };
}

export interface BackgroundStart extends ContinuingStart {
  readonly id: string;
  readonly endpoint: Endpoint;
  /** That reads its end. */
  readonly client: object;
  readonly limits: TextLimits | undefined;
  /** Called with the last result once its record has ended. */
  readonly ended: (result: unknown, endTime: number) => void;
  readonly closed: (response: BackgroundResponse, result: unknown, endTime: number) => void;
}

/** A background response, from its creation to its end, however the end becomes known. */
export class BackgroundResponse extends ContinuingOperation implements Retrievable {
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly retrievable: Retrievable = this;
  reading: Retrievable['reading'] = 'no';
  readonly #client: object;

  constructor(start: BackgroundStart) {
    const { result, time, clock } = start;
    clock.learn(asTime(field(result, 'created_at')), time);
    super(continuation(start.limits), start, (last, endTime) => start.closed(this, last, endTime));
    this.id = start.id;
    this.endpoint = start.endpoint;
    this.#client = start.client;
  }

  /** Whether a request about it has no span of its own. */
  folds(call: Call): boolean {
    const traceId = trace.getSpanContext(this.record.context)?.traceId ?? '';
    return call.method !== 'DELETE' && isInTrace(activeSpan(call.context), traceId);
  }

  override answered(call: Call): void {
    super.answered(call);
    if (call.method !== 'DELETE' || call.error !== undefined) return;
    this.life.touch(this.clock.from(call.endTime, call.ownClock));
    this.close();
  }

  /** The program may have left the stream that created it. */
  startedWith(call: Call): void {
    this.streamed(call);
    if (isLeft(call)) this.life.closing.begin();
  }

  readonly retrieve = async (send: Send): Promise<void> => {
    const path = `/responses/${encodeURIComponent(this.id)}`;
    const response = await send((controller) =>
      readWithClient(this.#client, path, {}, undefined, controller),
    );
    this.see(response, this.clock.now(), false);
  };
}
