import { type Attributes, type Context, type Link, type Span, SpanKind, trace } from '@opentelemetry/api';
import { type Call, type CallObservation, readHeader } from '../client/call.ts';
import type { Endpoint } from '../client/provider.ts';
import type { Accumulator, ApiRequest, Operation } from '../operations/index.ts';
import {
  ATTR_GEN_AI_INPUT_MESSAGES,
  ATTR_GEN_AI_OUTPUT_MESSAGES,
  ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
  ATTR_GEN_AI_SYSTEM_INSTRUCTIONS,
  ATTR_GEN_AI_TOOL_DEFINITIONS,
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
import { metricDimensions } from './metrics.ts';
import type { Telemetry } from './telemetry.ts';
import { usageAttributes } from './usage.ts';

export interface CallSpanStart {
  readonly operation: Operation;
  readonly request: ApiRequest;
  readonly endpoint: Endpoint;
  readonly parent: Context;
  readonly links?: Link[];
  /** What the hierarchy knows of the call's place. */
  readonly attributes?: Attributes;
  /** Told when the call has its result, before the span ends. */
  readonly settled?: (call: Call) => void;
}

/** The span of one call, and the metrics of its operation, from its start to its end. */
export class CallSpan implements CallObservation {
  readonly context: Context;
  readonly #telemetry: Telemetry;
  readonly #span: Span;
  readonly #start: CallSpanStart;
  readonly #attributes: Attributes;
  readonly #accumulator: Accumulator | undefined;
  readonly #recorder: ContentRecorder | undefined;
  #lastChunkTime: number | undefined;

  constructor(telemetry: Telemetry, call: Call, start: CallSpanStart) {
    const { operation, request, endpoint, parent, links } = start;
    this.#telemetry = telemetry;
    this.#start = start;
    this.#attributes = {
      ...operation.requestAttributes(request),
      ...endpointAttributes(endpoint),
      ...start.attributes,
    };
    this.#span = telemetry.tracer.startSpan(
      operation.spanName(request),
      {
        kind: SpanKind.CLIENT,
        attributes: this.#attributes,
        startTime: call.startTime,
        ...(links === undefined ? {} : { links }),
      },
      parent,
    );
    this.context = trace.setSpan(parent, this.#span);
    this.#recorder = this.#span.isRecording() ? ContentRecorder.forSpan(telemetry.settings) : undefined;
    if (this.#recorder !== undefined) this.#recordInput(this.#recorder);
    this.#accumulator = operation.accumulate?.({ content: this.#recorder !== undefined });
  }

  chunk(value: unknown, time: number): void {
    this.#accumulator?.add(value);
    if (this.#start.operation.name !== undefined && this.#lastChunkTime !== undefined) {
      const seconds = (time - this.#lastChunkTime) / 1e3;
      this.#telemetry.metrics.recordTimePerOutputChunk(seconds, this.#dimensions());
    }
    this.#lastChunkTime = time;
  }

  settle(call: Call): void {
    try {
      const failure = call.error === undefined ? undefined : readFailure(call.error);
      const result = call.outcome === 'stream' ? this.#accumulator?.result() : call.value;
      this.#recordResult(result);
      this.#recordCall(call, failure);
      recordAttempts(this.#telemetry, call, this.context);
      this.#start.settled?.(call);
      this.#recordMetrics(call, result, failure);
      if (failure !== undefined) recordFailure(this.#span, failure, this.#telemetry.settings);
    } finally {
      this.#span.end(call.endTime);
    }
  }

  /** Attributes that the hierarchy learns from a result. */
  setAttributes(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  #recordInput(recorder: ContentRecorder): void {
    const { operation, request } = this.#start;
    const { content } = operation;
    if (content === undefined) return;
    const attributes: Attributes = { ...content.requestAttributes?.(request) };
    recorder.addList(
      attributes,
      ATTR_GEN_AI_SYSTEM_INSTRUCTIONS,
      content.systemInstructions?.(request) ?? [],
    );
    recorder.addList(attributes, ATTR_GEN_AI_TOOL_DEFINITIONS, content.toolDefinitions?.(request) ?? []);
    recorder.addMessages(attributes, ATTR_GEN_AI_INPUT_MESSAGES, content.inputMessages?.(request) ?? []);
    this.#span.setAttributes(attributes);
  }

  #recordResult(result: unknown): void {
    const { operation, request } = this.#start;
    if (result === undefined) return;
    const attributes = {
      ...operation.resultAttributes(result, request),
      ...usageAttributes(operation.usage?.(result)),
    };
    Object.assign(this.#attributes, attributes);
    const output = operation.content?.outputMessages;
    if (this.#recorder !== undefined && output !== undefined)
      this.#recorder.addMessages(attributes, ATTR_GEN_AI_OUTPUT_MESSAGES, output(result));
    this.#span.setAttributes(attributes);
  }

  #recordCall(call: Call, failure: Failure | undefined): void {
    const attributes = callAttributes(call);
    if (this.#start.operation.name === undefined && call.status !== undefined)
      attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = call.status;
    if (failure === undefined && call.outcome === 'raw') attributes[ATTR_OPENAI_RESPONSE_PARSED] = false;
    if (call.streamed && call.firstChunkTime !== undefined && this.#start.operation.name !== undefined)
      attributes[ATTR_GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK] = (call.firstChunkTime - call.startTime) / 1e3;
    this.#span.setAttributes(attributes);
  }

  #recordMetrics(call: Call, result: unknown, failure: Failure | undefined): void {
    const { operation } = this.#start;
    if (operation.name === undefined) return;
    const { metrics } = this.#telemetry;
    const dimensions = this.#dimensions();
    metrics.recordDuration((call.endTime - call.startTime) / 1e3, dimensions, failure?.type);
    if (call.firstChunkTime !== undefined)
      metrics.recordTimeToFirstChunk((call.firstChunkTime - call.startTime) / 1e3, dimensions);
    const usage = operation.usage?.(result);
    if (usage !== undefined) metrics.recordUsage(usage, dimensions);
  }

  #dimensions(): Attributes {
    return metricDimensions(this.#attributes);
  }
}

/** What is known of the HTTP side of a call, whatever it is for. */
export function callAttributes(call: Call): Attributes {
  const attributes: Attributes = {};
  const requestId = readHeader(call.headers, 'x-request-id') ?? requestIdOf(call.error);
  if (requestId !== undefined) attributes[ATTR_OPENAI_REQUEST_ID] = requestId;
  if (call.streamEnd !== undefined) {
    attributes[ATTR_OPENAI_STREAM_CHUNK_COUNT] = call.chunkCount;
    attributes[ATTR_OPENAI_STREAM_END] = call.streamEnd;
  }
  return attributes;
}

function requestIdOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null
    ? readHeader((error as { headers?: unknown }).headers, 'x-request-id')
    : undefined;
}
