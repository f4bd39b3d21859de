import {
  type Attributes,
  type Context,
  type Link,
  type Span,
  SpanKind,
  type SpanOptions,
  trace,
} from '@opentelemetry/api';
import type { Settings } from '../../config/config.ts';
import type { Call, CallObservation } from '../../sdk/call.ts';
import type { Route } from '../../sdk/routes/index.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { guard } from '../../util/guard.ts';
import { LinkedContext } from '../../util/linked-context.ts';
import { beginContent } from '../content/begin-content.ts';
import type { ContentRecord } from '../content/content-record.ts';
import { addInput, addOutput } from '../content/content-record.ts';
import { spentBy } from '../cost/spent.ts';
import { addUsageAttributes, type Usage } from '../cost/usage.ts';
import { type Failure, readFailure } from '../error.ts';
import { rememberAnswer } from '../evaluated-spans.ts';
import { markUnfinished } from '../finish-reason.ts';
import { textLimits } from '../kept-text.ts';
import { ChunkGaps, chunkDimensions, metricDimensions } from '../metrics/metrics.ts';
import type { Accumulator, ApiRequest, Operation } from '../operation.ts';
import { addEndpointAttributes } from '../place.ts';
import { addSkippedCalls } from '../skipped.ts';
import type { Telemetry } from '../telemetry.ts';
import { recordAttempts } from './attempt-span.ts';
import { callAttributes, headersOf, isCutShort } from './call-attributes.ts';
import type { CallPlace, CallSpanStart, FinishDetails, OpenSpan } from './call-place.ts';
import { addCost, addTotals, failureIn, missUsage } from './call-result.ts';
import { isEndTold } from './ended-operation.ts';
import type { InferenceAbove } from './outer-instrumentation.ts';
import { rateLimitsIn, recordRateLimits } from './rate-limits.ts';
import { recordEndAndTellSink } from './record-end.ts';
import { endSpan } from './span-end.ts';
import { startSpan } from './start-span.ts';

const NO_ATTRIBUTES: Attributes = Object.freeze({});

/** The span of one call and the metrics of its operation. A stream may stay open for long: the request itself is not kept. */
export class CallSpan implements CallObservation, OpenSpan {
  readonly context: Context;
  readonly roughTimes: boolean;
  readonly #telemetry: Telemetry;
  readonly #startSettings: Settings;
  readonly #span: Span;
  readonly #above: InferenceAbove | undefined;
  readonly #operation: Operation;
  readonly #route: Route;
  readonly #place: CallPlace;
  #isTimed: boolean;
  readonly #startTime: number;
  /** Whether to record metrics. They are recorded once per operation, so not if an outer instrumentation does it. */
  readonly #measures: boolean;
  /** Whether anything besides metrics is recorded. Of an unsampled call, that is the event of a failure at most. */
  readonly #recordsDetails: boolean;
  /** The attributes the span starts with, most of them of the request. The fields below hold attributes as well. */
  readonly #request: Attributes;
  /** All later attributes, kept in a second object: V8 turns a large one into a slow dictionary. */
  #parameters: Attributes = NO_ATTRIBUTES;
  #http: Attributes = NO_ATTRIBUTES;
  #limits: Attributes | undefined;
  #result: Attributes = NO_ATTRIBUTES;
  readonly #content: ContentRecord | undefined;
  #accumulator: Accumulator | undefined;
  #gaps: ChunkGaps | undefined;
  /** The result attributes of a long stream that is still open, read once because accumulating takes time. */
  #partialResult: Attributes | undefined;
  // In USD.
  #cost: number | undefined;
  #timeToFirstChunk: number | undefined; // In seconds.

  constructor(
    telemetry: Telemetry,
    call: Pick<Call, 'startTime'>,
    { operation, request, endpoint, place, above, rebuilt = false }: CallSpanStart,
  ) {
    this.#telemetry = telemetry;
    this.#startSettings = telemetry.settings;
    this.#above = above;
    this.#operation = operation;
    this.#route = request.route;
    this.#place = place;
    this.#isTimed = !rebuilt;
    this.#startTime = place.startTime ?? call.startTime;
    this.#measures =
      operation.name !== undefined && above?.recordsMetrics !== true && telemetry.metrics.wanted;
    const measuresChunks = this.#measures && telemetry.settings.chunkMetrics === 'each';
    this.roughTimes = !measuresChunks && place.chunk === undefined;
    const attributes = guard('reading request attributes', operation.requestAttributes, request) ?? {};
    addEndpointAttributes(attributes, endpoint);
    if (place.attributes !== undefined) Object.assign(attributes, place.attributes);
    this.#request = attributes;
    if (above === undefined) {
      const options: SpanOptions & { attributes: Attributes } = {
        kind: SpanKind.CLIENT,
        attributes,
        startTime: this.#startTime,
      };
      if (place.links !== undefined) options.links = place.links;
      this.#span = startSpan(telemetry, operation.spanName(request), options, place.parent);
      this.context = LinkedContext.withSpan(place.parent, this.#span);
      if (operation.content !== undefined) this.#content = beginContent(telemetry, this.#span, this.context);
    } else {
      this.#span = trace.wrapSpanContext(above.span.spanContext());
      this.context = place.parent;
    }
    this.#recordsDetails =
      this.#span.isRecording() || this.#content !== undefined || telemetry.settings.events !== undefined;
    if (this.#recordsDetails && operation.parameterAttributes !== undefined)
      guard('reading request parameters', CallSpan.#recordParameters, this, request);
    if (this.#content !== undefined && operation.content !== undefined)
      guard('reading request content', addInput, this.#content, operation.content, request);
  }

  chunk(value: unknown, time: number): void {
    this.#accumulator ??= this.#newAccumulator();
    if (this.#accumulator?.add(value)) this.#place.completed?.(this.#accumulator, this);
    this.#place.chunk?.(value, time);
    if (!this.#measures || this.#startSettings.chunkMetrics !== 'each') return;
    this.#gaps ??= new ChunkGaps();
    if (!this.#gaps.add(time)) return;
    this.#partialResult ??= this.#readPartialResult();
    const dimensions = chunkDimensions(this.#request, this.#partialResult);
    this.#telemetry.metrics.recordTimePerOutputChunk(this.#gaps.take(), dimensions, this.context);
  }

  hiddenChunk(value: unknown): void {
    this.#accumulator ??= this.#newAccumulator();
    this.#accumulator?.add(value);
  }

  settle(call: Call): void {
    const result = call.outcome === 'stream' || call.chunkCount > 0 ? this.#streamed() : call.value;
    if (call.streamEnd === 'completed' && this.#accumulator?.hasEnd === false) call.streamEnd = 'cut';
    if (call.streamEnd !== undefined && call.streamEnd !== 'completed') markUnfinished(result);
    if (isCutShort(call)) this.#isTimed = false;
    // Without this, the span of another instrumentation ends before its call.
    if (this.#above && call.outcome === 'interrupted') this.#above.end = undefined;
    guard('recording a call', CallSpan.#recordCall, this, call);
    if (call.attemptCount > 1)
      guard('recording attempts', recordAttempts, this.#telemetry, call, this.context, this.#request);
    const usage = this.#usage(result);
    if (call.streamEnd === 'completed') guard('checking for usage', missUsage, this.#operation, usage);
    const { settled } = this.#place;
    if (settled !== undefined && guard('settling a call', settled, call, result, this) === true) return;
    this.#end(result, usage, call.endTime, call.failed ? readFailure(call.error) : undefined);
  }

  link(context: Link['context']): void {
    this.#span.addLink({ context });
  }

  /** Ends a span that was kept open, with the final result of its operation. */
  finish(result: unknown, endTime: number, { attributes, failure }: FinishDetails = {}): void {
    guard('recording an end', () => this.#span.setAttributes(attributes ?? {}));
    this.#end(result, this.#usage(result), endTime, failure);
  }

  #end(result: unknown, usage: Usage | undefined, endTime: number, thrown: Failure | undefined): void {
    const { name } = this.#operation;
    if (result !== undefined) guard('recording a result', CallSpan.#recordResult, this, result, usage);
    const failure = thrown ?? failureIn(result, this.#operation, this.#result);
    if (this.#measures || this.#cost !== undefined || usage !== undefined)
      guard('recording metrics', CallSpan.#recordMetrics, this, endTime, usage, failure);
    if (isEndTold(this.#telemetry, this.#content, failure, this.#above)) this.#tell(result, endTime, failure);
    const { attributes, finishing, ended } = this.#place;
    const span = this.#above?.span ?? this.#span;
    if (this.#limits !== undefined) guard('recording rate limits', recordRateLimits, span, this.#limits);
    if (name !== undefined) rememberAnswer(span, this.#request, this.#result, attributes !== undefined);
    if (finishing !== undefined) guard('finishing a span', finishing, span, result);
    endSpan(this.#span, Math.max(endTime, this.#startTime));
    if (ended === undefined) return;
    const spent = spentBy(usage, this.#cost, this.#telemetry.costs.wanted, this.#result);
    guard('updating the hierarchy', ended, result, endTime, spent);
  }

  /** Records content, the failure and events. */
  #tell(result: unknown, endTime: number, failure: Failure | undefined): void {
    const ended = {
      span: this.#span,
      startSettings: this.#startSettings,
      context: this.context,
      attributes: { ...this.#request, ...this.#parameters, ...this.#http, ...this.#result, ...this.#limits },
      content: this.#content,
      failure,
      endTime,
    };
    recordEndAndTellSink(this.#telemetry, ended, {
      above: this.#above,
      runsModel: this.#operation.traits?.runsModel === true,
      startTime: this.#startTime,
      toolCalls: () => this.#operation.toolCalls?.(result) ?? [],
    });
  }

  /** Created when needed: most calls are not streams. */
  #newAccumulator(): Accumulator | undefined {
    return this.#operation.accumulate?.(this.#content && textLimits(this.#telemetry.settings));
  }

  #streamed(): unknown {
    this.#accumulator ??= this.#newAccumulator();
    return this.#accumulator?.result();
  }

  #usage(result: unknown): Usage | undefined {
    const { usage } = this.#operation;
    return result === undefined || usage === undefined ? undefined : guard('reading usage', usage, result);
  }

  // Static, so that `guard` needs no closure for each call.
  static #recordParameters(self: CallSpan, request: ApiRequest): void {
    const attributes = self.#operation.parameterAttributes?.(request);
    if (attributes === undefined) return;
    // The hierarchy knows more about the call's place than the request does.
    for (const name in self.#place.attributes) if (name in attributes) delete attributes[name];
    self.#parameters = attributes;
    self.#span.setAttributes(attributes);
  }

  static #recordCall(self: CallSpan, call: Call): void {
    if (call.firstChunkTime !== undefined)
      self.#timeToFirstChunk = (call.firstChunkTime - call.startTime) / 1e3;
    const { metrics } = self.#telemetry;
    const recordsCall = self.#recordsDetails || call.failed || self.#above?.span.isRecording() === true;
    if (recordsCall) self.#recordCallAttributes(call);
    if (recordsCall || metrics.wanted) self.#limits = rateLimitsIn(headersOf(call));
    if (self.#limits !== undefined) metrics.seeRateLimits({ ...self.#request, ...self.#limits });
  }

  #recordCallAttributes(call: Call): void {
    const attributes = callAttributes(call);
    const { status, attemptCount } = call;
    if (status !== undefined) attributes[ATTR.HTTP_RESPONSE_STATUS_CODE] = status;
    if (attemptCount > 1) attributes[ATTR.HTTP_REQUEST_RESEND_COUNT] = attemptCount - 1;
    // No other instrumentation has these.
    if (this.#above?.span.isRecording() === true) this.#above.span.setAttributes(attributes);
    if (this.#timeToFirstChunk !== undefined)
      attributes[ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK] = this.#timeToFirstChunk;
    this.#http = attributes;
    this.#span.setAttributes(attributes);
  }

  static #recordResult(self: CallSpan, result: unknown, usage: Usage | undefined): void {
    const attributes = self.#operation.resultAttributes(result, self.#route);
    const skipped = self.#accumulator?.skippedCalls || attributes[ATTR.OPENAI_SKIPPED_TOOL_CALLS];
    if (typeof skipped === 'number') addSkippedCalls(attributes, ATTR.OPENAI_SKIPPED_TOOL_CALLS, skipped);
    addUsageAttributes(attributes, usage);
    const estimated = self.#operation.usage && self.#accumulator?.contentChunks;
    if (usage === undefined && estimated) attributes[ATTR.OPENAI_USAGE_ESTIMATED_OUTPUT_TOKENS] = estimated;
    const { spentElsewhere } = self.#operation;
    const spent = spentElsewhere && guard('reading totals', spentElsewhere, result);
    if (spent !== undefined) addTotals(attributes, self.#telemetry, spent, self.#request);
    self.#result = attributes;
    if (self.#telemetry.costs.wanted) {
      const priced = { operation: self.#operation, result, usage };
      self.#cost = guard('pricing a result', addCost, attributes, self.#telemetry, priced, self.#request);
    }
    // The SDK logs a warning for a span that has ended.
    if (self.#cost !== undefined && self.#above?.span.isRecording() === true)
      self.#above.span.setAttribute(ATTR.OPENAI_COST, self.#cost);
    self.#span.setAttributes(attributes);
    if (self.#content !== undefined && self.#operation.content !== undefined)
      guard('reading the content of a result', addOutput, self.#content, self.#operation.content, result);
  }

  static #recordMetrics(self: CallSpan, endTime: number, usage?: Usage, failure?: Failure): void {
    const { metrics } = self.#telemetry;
    if (!metrics.wanted) return;
    const { context } = self;
    const dimensions = metricDimensions(self.#request, self.#result);
    // No other instrumentation records the cost. Calls without an operation in the conventions cost money too.
    if (self.#cost !== undefined) metrics.recordCost(self.#cost, dimensions, context);
    const { tokensOf } = self.#operation.traits ?? {};
    if (usage !== undefined && tokensOf !== undefined)
      metrics.recordUsage(usage, { ...dimensions, [ATTR.GEN_AI_OPERATION_NAME]: tokensOf }, context);
    if (!self.#measures) return;
    const seconds = (endTime - self.#startTime) / 1e3;
    if (self.#isTimed) metrics.recordDuration(seconds, dimensions, failure?.type, context);
    if (usage !== undefined) metrics.recordUsage(usage, dimensions, context);
    if (self.#timeToFirstChunk === undefined) return;
    const streamed = chunkDimensions(self.#request, self.#result);
    metrics.recordTimeToFirstChunk(self.#timeToFirstChunk, streamed, context);
    if (self.#gaps !== undefined) metrics.recordTimePerOutputChunk(self.#gaps.take(), streamed, context);
  }

  /** The first chunks name the model. */
  #readPartialResult(): Attributes {
    const result = this.#streamed();
    return result === undefined ? NO_ATTRIBUTES : this.#operation.resultAttributes(result, this.#route);
  }
}
