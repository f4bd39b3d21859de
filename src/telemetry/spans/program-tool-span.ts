import { type Attributes, type Context, type SpanContext, trace } from '@opentelemetry/api';
import type { ToolRun } from '../../sdk/call.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL } from '../../semconv/values.ts';
import { clockIn } from '../../util/clock.ts';
import { activeContext, runIn } from '../../util/context.ts';
import { guard } from '../../util/guard.ts';
import { followOutcome, type Outcome } from '../../util/watch-result.ts';
import type { ContentRecord } from '../content/content-record.ts';
import { parseJson } from '../content/messages.ts';
import type { Telemetry } from '../telemetry.ts';
import { ActiveSpan } from './active-span.ts';

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
  readonly #active: ActiveSpan;
  readonly #content: ContentRecord | undefined;

  constructor(telemetry: Telemetry, tool: ToolRun, provider: string, find: FindToolCall) {
    const context = activeContext();
    const known = find(context);
    this.#active = new ActiveSpan(telemetry, {
      name: `execute_tool ${tool.name}`,
      attributes: {
        [ATTR.GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
        // The event with the details requires it.
        [ATTR.GEN_AI_PROVIDER_NAME]: provider,
        [ATTR.GEN_AI_TOOL_NAME]: tool.name,
        [ATTR.GEN_AI_TOOL_TYPE]: 'function',
        [ATTR.OPENAI_TOOL_TYPE]: 'function',
        ...known?.attributes,
      },
      parent: known?.parent === undefined ? context : trace.setSpanContext(context, known.parent),
      clock: clockIn(context),
    });
    this.#content = this.#active.beginContent();
    guard('reading the arguments of a tool', () =>
      this.#content?.addInput({ toolArguments: parseJson(tool.arguments) }),
    );
  }

  get context(): Context {
    return this.#active.context;
  }

  succeed(result: unknown): void {
    // The tool may still run after a shutdown has ended its span.
    if (this.#active.hasEnded) return;
    guard('reading the result of a tool', () => this.#content?.add({ toolResult: parseJson(result) }));
    this.#active.end();
  }

  fail(error: unknown): void {
    this.#active.fail(error);
  }
}
