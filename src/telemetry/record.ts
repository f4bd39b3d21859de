import {
  type Attributes,
  type Context,
  type Link,
  type Span,
  SpanKind,
  type SpanOptions,
  trace,
} from '@opentelemetry/api';
import type { Settings } from '../config/config.ts';
import type { Endpoint } from '../sdk/provider.ts';
import type { Route } from '../sdk/routes/index.ts';
import * as ATTR from '../semconv/attributes.ts';
import { LinkedContext } from '../util/context.ts';
import { guard } from '../util/guard.ts';
import { beginContent } from './content/begin-content.ts';
import { addInput, addOutput, type ContentRecord } from './content/content-record.ts';
import { readReportedCost } from './cost/costs.ts';
import { addPartCost, type CostPart } from './cost/prices.ts';
import { type Spent, spentBy } from './cost/spent.ts';
import { addUsageAttributes, isNoUsage, type Usage } from './cost/usage.ts';
import type { Failure } from './error.ts';
import { rememberAnswer } from './evaluated-spans.ts';
import { chunkDimensions, metricDimensions } from './metrics/metrics.ts';
import type { ApiRequest, Operation, TotalSpent } from './operation.ts';
import { addEndpointAttributes } from './place.ts';
import type { OpenRecord, Placement, RecordFacts, RecordOutcome } from './placement.ts';
import { addSkippedCalls } from './skipped.ts';
import { isEndTold } from './spans/ended-operation.ts';
import type { InferenceAbove } from './spans/outer-instrumentation.ts';
import { recordEndAndTellSink } from './spans/record-end.ts';
import { endSpan } from './spans/span-end.ts';
import { startSpan } from './spans/start-span.ts';
import { NO_TOTALS, totalAttributes } from './spans/totals.ts';
import type { Telemetry } from './telemetry.ts';

const NO_ATTRIBUTES: Attributes = Object.freeze({});

/** What an operation starts with. */
export interface RecordStart {
  readonly operation: Operation;
  readonly request: ApiRequest;
  readonly endpoint: Endpoint;
  readonly place: Placement;
  /** Milliseconds since the epoch; the place may begin later. */
  readonly startTime: number;
  /** The inference span of another instrumentation. It represents the operation, which gets no span of ours. */
  readonly above?: InferenceAbove | undefined;
  /** Built from the server's whole seconds, which are too coarse for duration metrics. */
  readonly rebuilt?: boolean;
  /** Called when everything is recorded, just before the span ends. */
  readonly beforeEnd?: ((span: Span, result: unknown) => void) | undefined;
}

/**
 * The record of one operation, from its start to its end. At the end, span, metrics, log records and sink events are
 * all made from it, so that they cannot disagree. The request is not kept: a stream may stay open for long.
 */
export class OperationRecord implements OpenRecord {
  readonly telemetry: Telemetry;
  readonly operation: Operation;
  readonly context: Context;
  readonly #startSettings: Settings;
  readonly #span: Span;
  readonly #above: InferenceAbove | undefined;
  readonly #route: Route;
  readonly #isPlaced: boolean;
  readonly #startTime: number;
  /** Whether to record metrics. They are recorded once per operation, so not if an outer instrumentation does it. */
  readonly #measures: boolean;
  /** Whether anything besides metrics is recorded. Of an unsampled call, that is the event of a failure at most. */
  readonly #recordsDetails: boolean;
  /** The attributes the span starts with, most of them of the request. The fields below hold attributes as well. */
  readonly #request: Attributes;
  /** All later attributes, kept in further objects: V8 turns a large one into a slow dictionary. */
  #parameters: Attributes = NO_ATTRIBUTES;
  #added: Attributes = NO_ATTRIBUTES;
  #result: Attributes = NO_ATTRIBUTES;
  #last: Attributes | undefined;
  readonly #content: ContentRecord | undefined;
  readonly #beforeEnd: RecordStart['beforeEnd'];
  #isTimed: boolean;
  #timeToFirstChunk: number | undefined;
  #stream: RecordFacts['stream'];
  #usage: Usage | undefined;
  // In USD.
  #cost: number | undefined;
  #hasEnded = false;

  constructor(telemetry: Telemetry, start: RecordStart) {
    const { operation, request, endpoint, place, above } = start;
    this.telemetry = telemetry;
    this.#startSettings = telemetry.settings;
    this.#above = above;
    this.operation = operation;
    this.#route = request.route;
    this.#isPlaced = place.attributes !== undefined;
    this.#beforeEnd = start.beforeEnd;
    this.#isTimed = start.rebuilt !== true;
    this.#startTime = place.startTime ?? start.startTime;
    this.#measures =
      operation.name !== undefined && above?.recordsMetrics !== true && telemetry.metrics.wanted;
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
      guard('reading request parameters', OperationRecord.#readParameters, this, request, place.attributes);
    if (this.#content !== undefined && operation.content !== undefined)
      guard('reading request content', addInput, this.#content, operation.content, request);
  }

  /** Whether each chunk of a stream is measured. */
  get measuresChunks(): boolean {
    return this.#measures && this.#startSettings.chunkMetrics === 'each';
  }

  /** Whether facts about a call are recorded that has not failed. */
  get takesDetails(): boolean {
    return this.#recordsDetails || this.#above?.span.isRecording() === true;
  }

  /** Whether its content is recorded. */
  get hasContent(): boolean {
    return this.#content !== undefined;
  }

  get usage(): Usage | undefined {
    return this.#usage;
  }

  get spent(): Spent {
    return spentBy(this.#usage, this.#cost, this.telemetry.costs.wanted, this.#result);
  }

  /** The attributes that it started with. */
  get startAttributes(): Attributes {
    return this.#request;
  }

  add(facts: RecordFacts): void {
    if (!this.#hasEnded) guard('recording a fact', OperationRecord.#add, this, facts);
  }

  link(context: Link['context']): void {
    this.#span.addLink({ context });
  }

  /**
   * Records the seconds between chunks, while the stream goes on or at its end.
   *
   * @param result as far as it has come, which tells the model
   */
  measureChunks(gaps: readonly number[], result: unknown): void {
    const told = result === undefined ? NO_ATTRIBUTES : this.operation.resultAttributes(result, this.#route);
    const dimensions = chunkDimensions(this.#request, told);
    this.telemetry.metrics.recordTimePerOutputChunk(gaps, dimensions, this.context);
  }

  end(outcome: RecordOutcome, time: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    guard('recording a result', OperationRecord.#readOutcome, this, outcome);
    const { result, failure: thrown, isInterrupted } = outcome;
    const { operation } = this;
    const failure = thrown ?? failureIn(result, operation, this.#result);
    // Without this, the span of another instrumentation ends before its call.
    if (this.#above !== undefined && isInterrupted === true) this.#above.end = undefined;
    if (this.#measures || this.#cost !== undefined || this.#usage !== undefined)
      guard('recording metrics', OperationRecord.#recordMetrics, this, time, failure);
    if (isEndTold(this.telemetry, this.#content, failure, this.#above)) this.#tell(result, time, failure);
    const span = this.#above?.span ?? this.#span;
    // The SDK logs a warning for a span that has ended.
    if (this.#last !== undefined && span.isRecording())
      guard('recording rate limits', setAttributes, span, this.#last);
    if (operation.name !== undefined) rememberAnswer(span, this.#request, this.#result, this.#isPlaced);
    if (this.#beforeEnd !== undefined) guard('finishing a span', this.#beforeEnd, span, result);
    endSpan(this.#span, Math.max(time, this.#startTime));
  }

  /** Records content, the failure and events. */
  #tell(result: unknown, endTime: number, failure: Failure | undefined): void {
    const ended = {
      span: this.#span,
      startSettings: this.#startSettings,
      context: this.context,
      attributes: { ...this.#request, ...this.#parameters, ...this.#added, ...this.#result, ...this.#last },
      content: this.#content,
      failure,
      endTime,
    };
    recordEndAndTellSink(this.telemetry, ended, {
      above: this.#above,
      runsModel: this.operation.traits?.runsModel === true,
      startTime: this.#startTime,
      toolCalls: () => this.operation.toolCalls?.(result) ?? [],
    });
  }

  // Static, so that `guard` needs no closure for each call.
  static #add(
    self: OperationRecord,
    { attributes, lastAttributes, stream, timeToFirstChunk, isCut }: RecordFacts,
  ): void {
    if (lastAttributes !== undefined) self.#last = lastAttributes;
    if (stream !== undefined) self.#stream = stream;
    if (isCut === true) self.#isTimed = false;
    if (timeToFirstChunk !== undefined) self.#timeToFirstChunk = timeToFirstChunk;
    if (attributes === undefined) return;
    // No other instrumentation has these.
    if (self.#above?.span.isRecording() === true) self.#above.span.setAttributes(attributes);
    if (timeToFirstChunk !== undefined)
      attributes[ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK] = timeToFirstChunk;
    self.#added = self.#added === NO_ATTRIBUTES ? attributes : { ...self.#added, ...attributes };
    self.#span.setAttributes(attributes);
  }

  static #readParameters(self: OperationRecord, request: ApiRequest, placed: Attributes | undefined): void {
    const attributes = self.operation.parameterAttributes?.(request);
    if (attributes === undefined) return;
    // The hierarchy knows more about the call's place than the request does.
    for (const name in placed) if (name in attributes) delete attributes[name];
    self.#parameters = attributes;
    self.#span.setAttributes(attributes);
  }

  static #readOutcome(self: OperationRecord, outcome: RecordOutcome): void {
    OperationRecord.#add(self, outcome);
    const { result } = outcome;
    const { operation } = self;
    if (result === undefined) return;
    if (operation.usage !== undefined) self.#usage = guard('reading usage', operation.usage, result);
    const attributes = operation.resultAttributes(result, self.#route);
    const skipped = self.#stream?.skippedCalls || attributes[ATTR.OPENAI_SKIPPED_TOOL_CALLS];
    if (typeof skipped === 'number') addSkippedCalls(attributes, ATTR.OPENAI_SKIPPED_TOOL_CALLS, skipped);
    addUsageAttributes(attributes, self.#usage);
    const estimated = operation.usage && self.#stream?.contentChunks;
    if (self.#usage === undefined && estimated)
      attributes[ATTR.OPENAI_USAGE_ESTIMATED_OUTPUT_TOKENS] = estimated;
    const spent = operation.spentElsewhere && guard('reading totals', operation.spentElsewhere, result);
    if (spent !== undefined) addTotals(attributes, self.telemetry, spent, self.#request);
    self.#result = attributes;
    if (self.telemetry.costs.wanted)
      self.#cost = guard('pricing a result', OperationRecord.#price, self, result, attributes);
    // The SDK logs a warning for a span that has ended.
    if (self.#cost !== undefined && self.#above?.span.isRecording() === true)
      self.#above.span.setAttribute(ATTR.OPENAI_COST, self.#cost);
    self.#span.setAttributes(attributes);
    if (self.#content !== undefined && operation.content !== undefined)
      guard('reading the content of a result', addOutput, self.#content, operation.content, result);
  }

  /** @returns what a call cost in USD, if that is known; adds it, and what each modality of it did unless all is text */
  static #price(self: OperationRecord, result: unknown, attributes: Attributes): number | undefined {
    const { costs } = self.telemetry;
    const { operation } = self;
    const usage = self.#usage;
    const parts: Attributes | undefined = usage?.modalities && {};
    const tell = parts && ((part: CostPart, cost: number) => addPartCost(parts, part, cost));
    // What a retrieved response has cost belongs to the call that created it.
    const reported = operation.usage && readReportedCost(self.#request[ATTR.GEN_AI_PROVIDER_NAME], result);
    const spending = { ...operation.fees?.(result), usage, reported };
    const cost = costs.of(spending, self.#request, attributes, tell);
    if (cost === undefined) return undefined;
    attributes[ATTR.OPENAI_COST] = cost;
    if (parts !== undefined) Object.assign(attributes, parts);
    return cost;
  }

  static #recordMetrics(self: OperationRecord, endTime: number, failure?: Failure): void {
    const { metrics } = self.telemetry;
    if (!metrics.wanted) return;
    const { context } = self;
    const usage = self.#usage;
    const dimensions = metricDimensions(self.#request, self.#result);
    // No other instrumentation records the cost. Calls without an operation in the conventions cost money too.
    if (self.#cost !== undefined) metrics.recordCost(self.#cost, dimensions, context);
    const { tokensOf } = self.operation.traits ?? {};
    if (usage !== undefined && tokensOf !== undefined)
      metrics.recordUsage(usage, { ...dimensions, [ATTR.GEN_AI_OPERATION_NAME]: tokensOf }, context);
    if (!self.#measures) return;
    const seconds = (endTime - self.#startTime) / 1e3;
    if (self.#isTimed) metrics.recordDuration(seconds, dimensions, failure?.type, context);
    if (usage !== undefined) metrics.recordUsage(usage, dimensions, context);
    if (self.#timeToFirstChunk === undefined) return;
    const streamed = chunkDimensions(self.#request, self.#result);
    metrics.recordTimeToFirstChunk(self.#timeToFirstChunk, streamed, context);
  }
}

function setAttributes(span: Span, attributes: Attributes): void {
  span.setAttributes(attributes);
}

/**
 * The failure that a result reports. It is not read from an answer that is whole.
 *
 * @param resultAttributes the attributes of the result
 */
function failureIn(
  result: unknown,
  { traits, failure }: Operation,
  resultAttributes: Attributes,
): Failure | undefined {
  if (failure === undefined) return undefined;
  const reasons = resultAttributes[ATTR.GEN_AI_RESPONSE_FINISH_REASONS];
  const hasReason = traits?.failsWithoutReason && Array.isArray(reasons) && reasons[0] !== 'error';
  const isWhole = hasReason || resultAttributes[ATTR.GEN_AI_EMBEDDINGS_DIMENSION_COUNT] !== undefined;
  return isWhole ? undefined : guard('reading a failure', failure, result);
}

/** Adds what other calls spent, as totals, at the prices of the tier that they were billed in. */
function addTotals(
  attributes: Attributes,
  { costs }: Telemetry,
  { usage, serviceTier, calls }: TotalSpent,
  request: Attributes,
): void {
  const response = { ...attributes, [ATTR.OPENAI_RESPONSE_SERVICE_TIER]: serviceTier };
  const cost = guard('pricing totals', () => costs.of({ usage, aggregate: true }, request, response));
  const unpriced = cost === undefined && costs.wanted && !isNoUsage(usage) ? calls : 0;
  Object.assign(attributes, totalAttributes({ ...NO_TOTALS, usage, cost, unpriced }));
}
