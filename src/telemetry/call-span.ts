import { type Attributes, type Context, type Link, type Span, SpanKind, trace } from '@opentelemetry/api';
import { type Call, type CallObservation, readHeader } from '../client/call.ts';
import type { Endpoint } from '../client/provider.ts';
import type { Route } from '../client/routes.ts';
import { notice } from '../doctor/notice.ts';
import { guard } from '../guard.ts';
import { field } from '../payload.ts';
import {
  ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_OPENAI_COST,
  ATTR_OPENAI_REQUEST_ID,
  ATTR_OPENAI_RESPONSE_PARSED,
  ATTR_OPENAI_STREAM_CHUNK_COUNT,
  ATTR_OPENAI_STREAM_END,
} from '../semconv/attributes.ts';
import { recordAttempts } from './attempt-span.ts';
import { ChunkGaps } from './chunk-gaps.ts';
import type { Content } from './completion.ts';
import { ContentRecord } from './content-record.ts';
import { type Failure, readFailure } from './error.ts';
import { endpointAttributes } from './hierarchy.ts';
import type { InferenceAbove } from './inference-above.ts';
import { chunkDimensions, metricDimensions } from './metrics.ts';
import { tellSink } from './model-events.ts';
import type { Accumulator, ApiRequest, Operation } from './operation.ts';
import { recordEnd } from './operation-end.ts';
import { addRateLimits } from './rate-limits.ts';
import { sinkTakesToolCalls } from './sink.ts';
import { endSpan } from './span-end.ts';
import type { Telemetry } from './telemetry.ts';
import { type Usage, usageAttributes } from './usage.ts';

export interface CallSpanStart {
  readonly operation: Operation;
  readonly request: ApiRequest;
  readonly endpoint: Endpoint;
  readonly parent: Context;
  readonly links?: Link[];
  /** The inference span of another instrumentation: it stands for the call, and the call gets none of ours. */
  readonly above?: InferenceAbove | undefined;
  /** From what the server says of its times, which is too coarse to be measured. */
  readonly rebuilt?: boolean;
  /** What the hierarchy knows of the call's place. */
  readonly attributes?: Attributes;
  /** Sees what a stream brings, as it comes. */
  readonly chunk?: (value: unknown, time: number) => void;
  /** Told when the call has its result, before the span ends. */
  readonly settled?: (call: Call, result: unknown, span: CallSpan) => void;
  /** Called when all is recorded that will be, before the span ends. */
  readonly finishing?: (span: Span, result: unknown) => void;
  /** Told when the span has ended. */
  readonly ended?: (result: unknown, endTime: number, cost: number | undefined) => void;
  /** Whether the operation goes on after the call; then the span waits to be finished. */
  readonly keepsOpen?: (call: Call, result: unknown, span: CallSpan) => boolean;
}

/**
 * The span of one call, and the metrics of its operation, from its start to its end. The request is read at
 * the start and not kept: a stream may be open for long.
 */
export class CallSpan implements CallObservation {
  readonly context: Context;
  readonly #telemetry: Telemetry;
  readonly #span: Span;
  readonly #above: InferenceAbove | undefined;
  readonly #operation: Operation;
  readonly #route: Route;
  readonly #watch: CallSpanStart['chunk'];
  readonly #settled: CallSpanStart['settled'];
  readonly #keepsOpen: CallSpanStart['keepsOpen'];
  readonly #finishing: CallSpanStart['finishing'];
  readonly #ended: CallSpanStart['ended'];
  /** What is known of the operation; its metrics are grouped by some of it. */
  readonly #attributes: Attributes;
  readonly #accumulator: Accumulator | undefined;
  readonly #content: ContentRecord | undefined;
  readonly #gaps = new ChunkGaps((gaps) =>
    this.#telemetry.metrics.recordTimePerOutputChunk(gaps, this.#dimensionsSoFar(), this.context),
  );
  /** USD. */
  #cost: number | undefined;
  /** Seconds. */
  #timeToFirstChunk: number | undefined;
  readonly #startTime: number;
  readonly #rebuilt: boolean;

  constructor(telemetry: Telemetry, call: Pick<Call, 'startTime'>, start: CallSpanStart) {
    const { operation, request, endpoint, parent, links, above } = start;
    this.#telemetry = telemetry;
    this.#above = above;
    this.#operation = operation;
    this.#route = request.route;
    this.#startTime = call.startTime;
    this.#rebuilt = start.rebuilt === true;
    this.#watch = start.chunk;
    this.#settled = start.settled;
    this.#keepsOpen = start.keepsOpen;
    this.#finishing = start.finishing;
    this.#ended = start.ended;
    this.#attributes = {
      ...guard('reading the parameters of a request', operation.requestAttributes, request),
      ...endpointAttributes(endpoint),
      ...start.attributes,
    };
    this.#span =
      above === undefined
        ? telemetry.tracer.startSpan(
            operation.spanName(request),
            {
              kind: SpanKind.CLIENT,
              attributes: this.#attributes,
              startTime: call.startTime,
              ...(links === undefined ? {} : { links }),
            },
            parent,
          )
        : trace.wrapSpanContext(above.span.spanContext());
    this.context = above === undefined ? trace.setSpan(parent, this.#span) : parent;
    const { content } = operation;
    if (content !== undefined && above === undefined)
      this.#content = ContentRecord.begin(telemetry, this.#span, this.context);
    guard('reading the content of a request', () => this.#content?.addInput(inputOf(operation, request)));
    const keepsText = this.#content !== undefined || sinkTakesToolCalls(telemetry.settings);
    this.#accumulator = operation.accumulate?.({ content: keepsText });
  }

  chunk(value: unknown, time: number): void {
    this.#accumulator?.add(value);
    this.#watch?.(value, time);
    if (this.#recordsMetrics) this.#gaps.add(time);
  }

  /** A chunk that the program does not see. */
  hiddenChunk(value: unknown): void {
    this.#accumulator?.add(value);
  }

  settle(call: Call): void {
    const result = call.outcome === 'stream' ? this.#accumulator?.result() : call.value;
    guard('recording a call', () => this.#recordCall(call));
    guard('recording attempts', recordAttempts, this.#telemetry, call, this.context, this.#attributes);
    if (call.streamEnd === 'completed') guard('looking for usage', () => this.#missUsage(result));
    guard('placing a result', () => this.#settled?.(call, result, this));
    if (guard('keeping a span open', () => this.#keepsOpen?.(call, result, this)) === true) return;
    this.#end(result, call.endTime, call.failed ? readFailure(call.error) : undefined);
  }

  link(context: Link['context']): void {
    this.#span.addLink({ context });
  }

  /** Ends a span that was kept open, with the result that the operation came to in the end. */
  finish(
    result: unknown,
    endTime: number,
    {
      attributes,
      failure,
    }: { readonly attributes?: Attributes; readonly failure?: Failure | undefined } = {},
  ): void {
    guard('recording an end', () => this.#span.setAttributes(attributes ?? {}));
    this.#end(result, endTime, failure);
  }

  #end(result: unknown, endTime: number, thrown: Failure | undefined): void {
    const failure = thrown ?? guard('reading a failure', () => this.#operation.failure?.(result));
    const usage = result === undefined ? undefined : guard('reading usage', () => this.#usage(result));
    guard('recording a result', () => this.#recordResult(result, usage));
    guard('recording metrics', () => this.#recordMetrics(endTime, usage, failure));
    const ended = {
      span: this.#span,
      context: this.context,
      attributes: this.#attributes,
      content: this.#content,
      failure,
      endTime,
    };
    const told = this.#above === undefined ? recordEnd(this.#telemetry, ended) : failure;
    if (this.#telemetry.settings.events !== undefined)
      guard('telling the sink', tellSink, this.#telemetry, {
        ...ended,
        failure: told,
        startTime: this.#startTime,
        toolCalls: () => this.#operation.toolCalls?.(result) ?? [],
      });
    guard('finishing a span', () => this.#finishing?.(this.#above?.span ?? this.#span, result));
    endSpan(this.#span, endTime);
    guard('placing what stands beside a span', () => this.#ended?.(result, endTime, this.#cost));
  }

  /** Once for each operation: not where the span above stands for it in metrics too. */
  get #recordsMetrics(): boolean {
    return this.#operation.name !== undefined && this.#above?.recordsMetrics !== true;
  }

  #usage(result: unknown): Usage | undefined {
    return this.#operation.usage?.(result);
  }

  /** The streams of chat completions are the only ones that tell their usage only when asked to. */
  #missUsage(result: unknown): void {
    if (this.#route.operation === 'chat' && this.#usage(result) === undefined) notice('stream_without_usage');
  }

  #recordCall(call: Call): void {
    const attributes = callAttributes(call);
    if (call.status !== undefined) attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = call.status;
    if (call.attempts.length > 1) attributes[ATTR_HTTP_REQUEST_RESEND_COUNT] = call.attempts.length - 1;
    // No other instrumentation has these.
    if (this.#above?.span.isRecording() === true) this.#above.span.setAttributes(attributes);
    if (call.firstChunkTime !== undefined && this.#operation.name !== undefined) {
      this.#timeToFirstChunk = (call.firstChunkTime - call.startTime) / 1e3;
      attributes[ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK] = this.#timeToFirstChunk;
    }
    Object.assign(this.#attributes, attributes);
    this.#span.setAttributes(attributes);
    this.#telemetry.metrics.seeRateLimits(this.#attributes);
  }

  #recordResult(result: unknown, usage: Usage | undefined): void {
    if (result === undefined) return;
    const attributes: Attributes = {
      ...this.#operation.resultAttributes(result, this.#route),
      ...usageAttributes(usage),
    };
    Object.assign(this.#attributes, attributes);
    const cost = guard('pricing a result', () => this.#costOf(result, usage));
    if (cost !== undefined) {
      this.#cost = this.#attributes[ATTR_OPENAI_COST] = attributes[ATTR_OPENAI_COST] = cost;
      // One that has ended says so in the log.
      if (this.#above?.span.isRecording() === true) this.#above.span.setAttribute(ATTR_OPENAI_COST, cost);
    }
    this.#span.setAttributes(attributes);
    guard('reading the content of a result', () => this.#content?.add(outputOf(this.#operation, result)));
  }

  #costOf(result: unknown, usage: Usage | undefined): number | undefined {
    return this.#telemetry.costs.of({ ...this.#operation.fees?.(result), usage }, this.#attributes);
  }

  #recordMetrics(endTime: number, usage: Usage | undefined, failure: Failure | undefined): void {
    const { metrics } = this.#telemetry;
    const { context } = this;
    const dimensions = metricDimensions(this.#attributes);
    // No other instrumentation has this one, and what the conventions have no operation for costs money too.
    if (this.#cost !== undefined) metrics.recordCost(this.#cost, dimensions, context);
    if (!this.#recordsMetrics) return;
    const seconds = (endTime - this.#startTime) / 1e3;
    if (!this.#rebuilt) metrics.recordDuration(seconds, dimensions, failure?.type, context);
    if (this.#timeToFirstChunk !== undefined)
      metrics.recordTimeToFirstChunk(this.#timeToFirstChunk, chunkDimensions(this.#attributes), context);
    if (usage !== undefined) metrics.recordUsage(usage, dimensions, context);
    this.#gaps.flush();
  }

  /** The first chunks say which model answers. */
  #dimensionsSoFar(): Attributes {
    const result = this.#accumulator?.result();
    return chunkDimensions({
      ...this.#attributes,
      ...(result === undefined ? {} : this.#operation.resultAttributes(result, this.#route)),
    });
  }
}

function inputOf({ content }: Operation, request: ApiRequest): Content {
  return {
    parameters: content?.requestAttributes?.(request) ?? {},
    systemInstructions: content?.systemInstructions?.(request) ?? [],
    inputMessages: content?.inputMessages?.(request) ?? [],
    toolDefinitions: content?.toolDefinitions?.(request) ?? [],
  };
}

function outputOf({ content }: Operation, result: unknown): Content {
  return {
    outputMessages: content?.outputMessages?.(result) ?? [],
    documents: content?.documents?.(result) ?? [],
  };
}

/** What is known of the HTTP side of a call, whatever it is for. */
export function callAttributes(call: Call): Attributes {
  const attributes: Attributes = {};
  // The headers of an answer that is an error come with the error.
  const headers = call.headers ?? field(call.error, 'headers');
  const requestId = readHeader(headers, 'x-request-id');
  if (requestId !== undefined) attributes[ATTR_OPENAI_REQUEST_ID] = requestId;
  addRateLimits(attributes, headers);
  if (call.streamEnd !== undefined) {
    attributes[ATTR_OPENAI_STREAM_CHUNK_COUNT] = call.chunkCount;
    attributes[ATTR_OPENAI_STREAM_END] = call.streamEnd;
  } else if (isUnread(call)) {
    attributes[ATTR_OPENAI_RESPONSE_PARSED] = false;
  }
  return attributes;
}

/** Nobody parsed the answer: the program took the raw response, forgot about it, or tracing ended before. */
function isUnread({ outcome }: Call): boolean {
  return outcome === 'raw' || outcome === 'abandoned' || outcome === 'interrupted';
}
