import { type Attributes, type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import { notice } from '../diagnostics/report.ts';
import type { AnswerSoFar, CallObservation, ReadonlyCall, RequestChanges } from '../sdk/call.ts';
import type { Endpoint } from '../sdk/provider.ts';
import * as ATTR from '../semconv/attributes.ts';
import { guard, logError } from '../util/guard.ts';
import { recordAttempts } from './attempts.ts';
import {
  callAttributes,
  headersOf,
  isInterruptedCall,
  rateLimitsIn,
  reachedLimits,
} from './call-attributes.ts';
import { textLimits } from './content/kept-content.ts';
import { readBilling } from './cost/costs.ts';
import { NOTHING_SPENT } from './cost/usage.ts';
import { ChunkGaps } from './metrics/metrics.ts';
import type { Accumulator, ApiRequest } from './operation.ts';
import { readThrown } from './outcomes/failure.ts';
import { markUnfinished } from './outcomes/finish-reason.ts';
import type { AnswerEnd, Following, OpenRecord, Placement, RecordOutcome } from './placement.ts';
import { OperationRecord, type RecordStart } from './record.ts';
import type { Telemetry } from './telemetry.ts';

type PlacedCallStart = RecordStart<ApiRequest, unknown> & {
  readonly place: Placement;
  readonly changes?: RequestChanges;
};

/** A call with its own record. Passes what the SDK reports of the call to the record and the hierarchy. */
export class PlacedCall implements CallObservation {
  readonly record: OperationRecord<ApiRequest>;
  readonly context: Context;
  /** Set once the first token has arrived, whose time is exact. */
  roughTimes = false;
  readonly #mayBeRough: boolean;
  readonly changes: RequestChanges | undefined;
  readonly #place: Placement;
  readonly #endpoint: Endpoint | undefined;
  /** Created when it is needed, because most calls are not streams. */
  #accumulator: Accumulator | undefined;
  readonly #startTime: number;
  #chunkCount = 0;
  #firstTokenTime: number | undefined;
  readonly #gaps: ChunkGaps | undefined;
  /** The result of a long stream so far, which shows the model. Read only once, because that is slow. */
  #partialResult: unknown;

  constructor(telemetry: Telemetry, start: PlacedCallStart) {
    this.record = new OperationRecord(telemetry, start);
    this.context = this.record.context;
    const { place, operation, outer, startTime } = start;
    this.#startTime = startTime;
    this.#place = place;
    this.#endpoint = start.endpoint;
    this.changes = start.changes;
    const measuresChunks =
      telemetry.settings.chunkMetrics === 'each' &&
      operation.name !== undefined &&
      outer?.recordsMetrics !== true &&
      telemetry.metrics.wanted;
    this.#gaps = measuresChunks ? new ChunkGaps() : undefined;
    this.#mayBeRough = !measuresChunks && place.needsEvents !== true;
  }

  chunk(event: unknown, time: number): void {
    this.#chunkCount++;
    this.#accumulator ??= this.#newAccumulator();
    const accumulator = this.#accumulator;
    const answer = accumulator?.add(event) === true ? accumulator : undefined;
    if (this.#firstTokenTime === undefined) this.#seeToken(time);
    const place = this.#place;
    if (place.onFact !== undefined && (place.needsEvents === true || answer !== undefined))
      place.onFact(event, time, this.record, answer);
    if (this.#gaps?.add(time) !== true) return;
    this.#partialResult ??= accumulator?.result();
    this.record.measureChunks(this.#gaps.take(), this.#partialResult);
  }

  /** A stream that cannot tell has only rough times. */
  #seeToken(time: number): void {
    const hasToken = this.#accumulator?.hasToken;
    if (hasToken === true) this.#firstTokenTime = time;
    if (hasToken !== false) this.roughTimes = this.#mayBeRough;
  }

  hiddenChunk(event: unknown): void {
    this.#accumulator ??= this.#newAccumulator();
    this.#accumulator?.add(event);
  }

  answerSoFar(): AnswerSoFar | undefined {
    if (this.#chunkCount === 0) return undefined;
    const content = this.#accumulator && this.record.preview(this.#accumulator.result());
    const attributes: Attributes = { ...content, [ATTR.OPENAI_STREAM_CHUNK_COUNT]: this.#chunkCount };
    if (this.#firstTokenTime !== undefined)
      attributes[ATTR.OPENAI_STREAM_TIME_TO_FIRST_TOKEN] = (this.#firstTokenTime - this.#startTime) / 1e3;
    return { spanId: this.record.span.spanContext().spanId, attributes };
  }

  settle(call: ReadonlyCall): void {
    const { record } = this;
    const result = call.outcome === 'stream' || call.chunks.count > 0 ? this.#streamed() : call.value;
    const isCut = call.streamEnd === 'completed' && this.#accumulator?.hasEnd === false;
    const seenEnd = isCut ? 'cut' : call.streamEnd;
    if (seenEnd !== undefined && seenEnd !== 'completed') markUnfinished(result);
    const { telemetry, context, attributes } = record;
    if (call.attemptCount > 1)
      guard('recording attempts', () => recordAttempts(telemetry, call, context, attributes));
    const following = this.#place.onEnd && followingOf(this.#place, call, result, record, seenEnd);
    const end = following?.cut ? 'cut' : seenEnd;
    let outcome: RecordOutcome = { result };
    try {
      outcome = this.#outcomeOf(call, result, end);
    } catch (error) {
      logError('reading an outcome', error);
    }
    if (following?.kept) {
      record.add(outcome);
      return;
    }
    record.end(outcome, call.endTime);
    // Only streams of completions omit their usage unless the request asks for it.
    if (end === 'completed' && record.operation.traits?.reportsUsageOnRequest && !record.usage)
      notice('stream_without_usage');
    if (following?.after !== undefined) guard('updating the hierarchy', following.after);
  }

  #newAccumulator(): Accumulator | undefined {
    const { operation, hasContent, telemetry } = this.record;
    return operation.accumulate?.(hasContent ? textLimits(telemetry.settings) : undefined);
  }

  #streamed(): unknown {
    this.#accumulator ??= this.#newAccumulator();
    return this.#accumulator?.result();
  }

  #outcomeOf(call: ReadonlyCall, result: unknown, end: AnswerEnd): RecordOutcome {
    const { record } = this;
    const { metrics } = record.telemetry;
    const { chunks, failed } = call;
    const takesDetails = record.takesDetails || failed;
    const headers = headersOf(call);
    const limits = takesDetails || metrics.wanted ? rateLimitsIn(headers) : undefined;
    // A stream may end long after its headers have arrived.
    if (limits !== undefined)
      metrics.seeRateLimits(limits, record.attributes, call.now() - (call.headersTime || call.endTime));
    if (this.#gaps !== undefined) record.measureChunks(this.#gaps.take(), result);
    return {
      result,
      failure: failed ? readThrown(call.error) : undefined,
      attributes: takesDetails
        ? Object.assign(callAttributes(call, end), reachedLimits(call, limits))
        : undefined,
      stream: this.#accumulator,
      timeToFirstToken: this.#firstTokenTime && (this.#firstTokenTime - call.startTime) / 1e3,
      billing: this.#endpoint && readBilling(this.#endpoint, headers, call.streamed),
      timeToFirstChunk: chunks.first && (chunks.first - call.startTime) / 1e3,
      isInterrupted: call.outcome === 'interrupted',
      isUntimed: isInterruptedCall(call),
    };
  }
}

/** Used for a call without a record of its own. It ignores everything. */
const NO_RECORD: OpenRecord = {
  context: ROOT_CONTEXT,
  spent: NOTHING_SPENT,
  add: () => undefined,
  addEvent: () => undefined,
  link: () => undefined,
  end: () => undefined,
};

/** A call without its own record, because it is part of a longer operation or because no span of it is wanted. */
export class UnrecordedCall implements CallObservation {
  readonly context: Context;
  readonly clock: number | undefined;
  readonly changes: RequestChanges;
  readonly #place: Placement;

  constructor(place: Placement, changes: RequestChanges) {
    this.context = place.parent;
    this.clock = place.foldInto?.clock.own;
    this.changes = changes;
    this.#place = place;
  }

  chunk(event: unknown, time: number): void {
    this.#place.onFact?.(event, time, NO_RECORD, undefined);
  }

  settle(call: ReadonlyCall): void {
    const following = followingOf(this.#place, call, call.value, NO_RECORD, call.streamEnd);
    if (following?.after !== undefined) guard('updating the hierarchy', following.after);
  }
}

function followingOf(
  place: Placement,
  call: ReadonlyCall,
  result: unknown,
  record: OpenRecord,
  end: AnswerEnd,
): Following | undefined {
  try {
    return place.onEnd?.(call, result, record, end);
  } catch (error) {
    logError('settling a call', error);
    return undefined;
  }
}
