import {
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import type { Settings } from '../../config/config.ts';
import type { ToolRun } from '../../sdk/tool-run.ts';
import {
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_TOOL_NAME,
  ATTR_GEN_AI_TOOL_TYPE,
  ATTR_OPENAI_TOOL_TYPE,
} from '../../semconv/attributes.ts';
import { GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL } from '../../semconv/values.ts';
import { activeContext, runIn } from '../../util/active-context.ts';
import { now, type SpanClock } from '../../util/clock.ts';
import { guard } from '../../util/guard.ts';
import { LinkedContext } from '../../util/linked-context.ts';
import { clockIn, shareClock } from '../../util/span-clock.ts';
import { followOutcome, type Outcome } from '../../util/watch-result.ts';
import { beginContent } from '../content/begin-content.ts';
import type { ContentRecord } from '../content/content-record.ts';
import { parseJson } from '../content/messages.ts';
import { type Failure, readFailure } from '../error.ts';
import type { Telemetry } from '../telemetry.ts';
import { recordEnd } from './record-end.ts';
import { endSpan } from './span-end.ts';

/** A known tool call of a conversation: its ids, and the parent of its span. */
export interface KnownToolCall {
  readonly attributes: Attributes;
  readonly parent: SpanContext | undefined;
}

type FindToolCall = (context: Context) => KnownToolCall | undefined;

/**
 * Runs a function of the program that the model asked for, in a span that is active while it runs. Results and errors
 * pass through unchanged.
 *
 * @param provider of the client that runs it
 * @param find finds the tool call if the context has a conversation
 */
export function runTool(telemetry: Telemetry, tool: ToolRun, provider: string, find: FindToolCall): unknown {
  const started = guard('starting a tool span', () => new ToolSpan(telemetry, tool, provider, find));
  if (started === undefined) return tool.run();
  return followOutcome(() => runIn(started.context, tool.run), started);
}

class ToolSpan implements Outcome {
  readonly context: Context;
  readonly #telemetry: Telemetry;
  readonly #startSettings: Settings;
  readonly #span: Span;
  readonly #attributes: Attributes;
  readonly #clock: SpanClock;
  readonly #startTime: number;
  readonly #content: ContentRecord | undefined;
  #ended = false;

  constructor(telemetry: Telemetry, tool: ToolRun, provider: string, find: FindToolCall) {
    const active = activeContext();
    this.#clock = clockIn(active);
    this.#startTime = now(this.#clock);
    const known = find(active);
    const parent = known?.parent === undefined ? active : trace.setSpanContext(active, known.parent);
    this.#telemetry = telemetry;
    this.#startSettings = telemetry.settings;
    this.#attributes = {
      [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
      // The event with the details requires it.
      [ATTR_GEN_AI_PROVIDER_NAME]: provider,
      [ATTR_GEN_AI_TOOL_NAME]: tool.name,
      [ATTR_GEN_AI_TOOL_TYPE]: 'function',
      [ATTR_OPENAI_TOOL_TYPE]: 'function',
      ...known?.attributes,
    };
    this.#span = telemetry.tracer.startSpan(
      `execute_tool ${tool.name}`,
      { kind: SpanKind.INTERNAL, attributes: this.#attributes, startTime: this.#startTime },
      parent,
    );
    shareClock(this.#span, this.#clock);
    this.context = LinkedContext.withSpan(parent, this.#span);
    // A shutdown ends the span early, without a duration.
    telemetry.functions.set(this, () => this.#end(undefined, true));
    this.#content = beginContent(telemetry, this.#span, this.context);
    guard('reading the arguments of a tool', () =>
      this.#content?.addInput({ toolArguments: parseJson(tool.arguments) }),
    );
  }

  succeed(result: unknown): void {
    guard('reading the result of a tool', () => this.#content?.add({ toolResult: parseJson(result) }));
    this.#end(undefined);
  }

  fail(error: unknown): void {
    this.#end(guard('reading a failure', readFailure, error));
  }

  #end(failure: Failure | undefined, interrupted?: boolean): void {
    // The tool may still run after a shutdown has ended its span.
    if (this.#ended) return;
    this.#ended = true;
    this.#telemetry.functions.delete(this);
    const endTime = now(this.#clock);
    guard('ending a tool span', recordEnd, this.#telemetry, {
      span: this.#span,
      startSettings: this.#startSettings,
      context: this.context,
      attributes: this.#attributes,
      content: this.#content,
      failure,
      endTime,
    });
    if (!interrupted)
      guard('recording metrics', () => {
        const seconds = (endTime - this.#startTime) / 1e3;
        this.#telemetry.metrics.recordToolDuration(seconds, this.#attributes, failure?.type, this.context);
      });
    endSpan(this.#span, endTime);
  }
}
