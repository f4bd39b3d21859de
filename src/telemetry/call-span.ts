import { type Attributes, type Context, type Link, type Span, SpanKind, trace } from '@opentelemetry/api';
import { type Call, type CallObservation, readHeader } from '../client/call.ts';
import type { Endpoint } from '../client/provider.ts';
import type { Route } from '../client/routes.ts';
import { guard } from '../guard.ts';
import type { Accumulator, ApiRequest, Operation } from '../operations/index.ts';
import { field } from '../payload.ts';
import {
  ATTR_GEN_AI_INPUT_MESSAGES,
  ATTR_GEN_AI_OUTPUT_MESSAGES,
  ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
  ATTR_GEN_AI_RETRIEVAL_DOCUMENTS,
  ATTR_GEN_AI_SYSTEM_INSTRUCTIONS,
  ATTR_GEN_AI_TOOL_DEFINITIONS,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_OPENAI_REQUEST_ID,
  ATTR_OPENAI_RESPONSE_PARSED,
  ATTR_OPENAI_STREAM_CHUNK_COUNT,
  ATTR_OPENAI_STREAM_END,
} from '../semconv/attributes.ts';
import { recordAttempts } from './attempt-span.ts';
import { ContentRecorder } from './content.ts';
import { type Failure, readFailure, recordFailure } from './error.ts';
import { endpointAttributes } from './hierarchy.ts';
import type { InferenceAbove } from './inference-above.ts';
import { chunkDimensions, metricDimensions } from './metrics.ts';
import { addRateLimits } from './rate-limits.ts';
import type { Telemetry } from './telemetry.ts';
import { type Usage, usageAttributes } from './usage.ts';

/** How much of a span's room for content the input may take: the answer comes after it. */
const INPUT_SHARE = 0.75;

export interface CallSpanStart {
  readonly operation: Operation;
  readonly request: ApiRequest;
  readonly endpoint: Endpoint;
  readonly parent: Context;
  readonly links?: Link[];
  /** The inference span of another instrumentation: it stands for the call, and the call gets none of ours. */
  readonly above?: InferenceAbove | undefined;
  /** What the hierarchy knows of the call's place. */
  readonly attributes?: Attributes;
  /** Sees what a stream brings, as it comes. */
  readonly chunk?: (value: unknown, time: number) => void;
  /** Told when the call has its result, before the span ends. */
  readonly settled?: (call: Call, result: unknown, span: CallSpan) => void;
  /** Called when all is recorded that will be, before the span ends. */
  readonly finishing?: (span: Span, result: unknown) => void;
  /** Told when the span has ended. */
  readonly ended?: (result: unknown, endTime: number) => void;
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
  readonly #recorder: ContentRecorder | undefined;
  #chunkDimensions: Attributes | undefined;
  #lastChunkTime: number | undefined;
  /** Seconds. */
  #timeToFirstChunk: number | undefined;
  readonly #startTime: number;

  constructor(telemetry: Telemetry, call: Call, start: CallSpanStart) {
    const { operation, request, endpoint, parent, links, above } = start;
    this.#telemetry = telemetry;
    this.#above = above;
    this.#operation = operation;
    this.#route = request.route;
    this.#startTime = call.startTime;
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
    const recording = this.#span.isRecording();
    this.#recorder = recording ? ContentRecorder.forSpan(telemetry.settings, this.#span) : undefined;
    if (this.#recorder !== undefined)
      guard(
        'recording the content of a request',
        recordInput,
        this.#span,
        this.#recorder,
        operation,
        request,
      );
    this.#accumulator = operation.accumulate?.({ content: this.#recorder !== undefined });
  }

  chunk(value: unknown, time: number): void {
    this.#accumulator?.add(value);
    this.#watch?.(value, time);
    if (this.#recordsMetrics && this.#lastChunkTime !== undefined) {
      this.#chunkDimensions ??= this.#dimensionsSoFar();
      this.#telemetry.metrics.recordTimePerOutputChunk(
        (time - this.#lastChunkTime) / 1e3,
        this.#chunkDimensions,
      );
    }
    this.#lastChunkTime = time;
  }

  settle(call: Call): void {
    const result = call.outcome === 'stream' ? this.#accumulator?.result() : call.value;
    guard('recording a call', () => this.#recordCall(call));
    guard('recording attempts', recordAttempts, this.#telemetry, call, this.context, this.#attributes);
    guard('placing a result', () => this.#settled?.(call, result, this));
    if (guard('keeping a span open', () => this.#keepsOpen?.(call, result, this)) === true) return;
    this.#end(result, call.endTime, call.failed ? readFailure(call.error) : undefined);
  }

  /** Ends a span that was kept open, with the result that the operation came to in the end. */
  finish(result: unknown, endTime: number): void {
    this.#end(result, endTime, undefined);
  }

  #end(result: unknown, endTime: number, thrown: Failure | undefined): void {
    const failure = thrown ?? guard('reading a failure', () => this.#operation.failure?.(result));
    const usage = result === undefined ? undefined : guard('reading usage', () => this.#usage(result));
    guard('recording a result', () => this.#recordResult(result, usage));
    guard('recording metrics', () => this.#recordMetrics(endTime, usage, failure));
    if (failure !== undefined) recordFailure(this.#span, failure, this.#telemetry.settings);
    this.#finishing?.(this.#span, result);
    this.#span.end(endTime);
    guard('placing what stands beside a span', () => this.#ended?.(result, endTime));
  }

  /** Once for each operation: not where the span above stands for it in metrics too. */
  get #recordsMetrics(): boolean {
    return this.#operation.name !== undefined && this.#above?.recordsMetrics !== true;
  }

  #usage(result: unknown): Usage | undefined {
    return this.#operation.usage?.(result);
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
  }

  #recordResult(result: unknown, usage: Usage | undefined): void {
    if (result === undefined) return;
    const attributes: Attributes = {
      ...this.#operation.resultAttributes(result, this.#route),
      ...usageAttributes(usage),
    };
    Object.assign(this.#attributes, attributes);
    guard('recording the content of a result', () => this.#recordOutput(attributes, result));
    this.#span.setAttributes(attributes);
  }

  #recordOutput(attributes: Attributes, result: unknown): void {
    const { outputMessages, documents } = this.#operation.content ?? {};
    if (this.#recorder === undefined) return;
    if (outputMessages !== undefined)
      this.#recorder.addMessages(attributes, ATTR_GEN_AI_OUTPUT_MESSAGES, outputMessages(result));
    if (documents !== undefined)
      this.#recorder.addList(attributes, ATTR_GEN_AI_RETRIEVAL_DOCUMENTS, documents(result));
  }

  #recordMetrics(endTime: number, usage: Usage | undefined, failure: Failure | undefined): void {
    if (!this.#recordsMetrics) return;
    const { metrics } = this.#telemetry;
    const dimensions = metricDimensions(this.#attributes);
    metrics.recordDuration((endTime - this.#startTime) / 1e3, dimensions, failure?.type);
    if (this.#timeToFirstChunk !== undefined)
      metrics.recordTimeToFirstChunk(this.#timeToFirstChunk, chunkDimensions(this.#attributes));
    if (usage !== undefined) metrics.recordUsage(usage, dimensions);
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

function recordInput(
  span: Span,
  recorder: ContentRecorder,
  { content }: Operation,
  request: ApiRequest,
): void {
  if (content === undefined) return;
  const attributes: Attributes = { ...content.requestAttributes?.(request) };
  recorder.addParts(attributes, ATTR_GEN_AI_SYSTEM_INSTRUCTIONS, content.systemInstructions?.(request) ?? []);
  const messages = content.inputMessages?.(request) ?? [];
  recorder.addMessages(attributes, ATTR_GEN_AI_INPUT_MESSAGES, messages, INPUT_SHARE);
  recorder.addList(attributes, ATTR_GEN_AI_TOOL_DEFINITIONS, content.toolDefinitions?.(request) ?? []);
  span.setAttributes(attributes);
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
