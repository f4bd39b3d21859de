import { type Attributes, type Context, context, type Span, SpanKind, trace } from '@opentelemetry/api';
import type { ToolRun } from '../client/call.ts';
import { guard } from '../guard.ts';
import { field } from '../payload.ts';
import {
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_TOOL_CALL_ARGUMENTS,
  ATTR_GEN_AI_TOOL_CALL_RESULT,
  ATTR_GEN_AI_TOOL_NAME,
  ATTR_GEN_AI_TOOL_TYPE,
  ATTR_OPENAI_TOOL_TYPE,
} from '../semconv/attributes.ts';
import { GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL } from '../semconv/values.ts';
import { ContentRecorder } from './content.ts';
import { readFailure, recordFailure } from './error.ts';
import { parseJson } from './messages.ts';
import type { Telemetry } from './telemetry.ts';

/**
 * Runs a function of the program's that the model has asked for, below a span that is active while it runs.
 * What it gives and throws is the program's: it passes through as it is.
 */
export function runTool(telemetry: Telemetry, tool: ToolRun): unknown {
  const active = context.active();
  const span = guard('starting a tool span', startToolSpan, telemetry, tool, active);
  if (span === undefined) return tool.run();
  try {
    const result = context.with(trace.setSpan(active, span), tool.run);
    if (typeof field(result, 'then') !== 'function') {
      endToolSpan(telemetry, span, result);
      return result;
    }
    return (result as Promise<unknown>).then(
      (value) => {
        endToolSpan(telemetry, span, value);
        return value;
      },
      (error) => {
        failToolSpan(telemetry, span, error);
        throw error;
      },
    );
  } catch (error) {
    failToolSpan(telemetry, span, error);
    throw error;
  }
}

function startToolSpan(telemetry: Telemetry, tool: ToolRun, parent: Context): Span {
  const span = telemetry.tracer.startSpan(
    `execute_tool ${tool.name}`,
    {
      kind: SpanKind.INTERNAL,
      attributes: {
        [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
        [ATTR_GEN_AI_TOOL_NAME]: tool.name,
        [ATTR_GEN_AI_TOOL_TYPE]: 'function',
        [ATTR_OPENAI_TOOL_TYPE]: 'function',
      },
    },
    parent,
  );
  recordValue(telemetry, span, ATTR_GEN_AI_TOOL_CALL_ARGUMENTS, tool.arguments);
  return span;
}

function endToolSpan(telemetry: Telemetry, span: Span, result: unknown): void {
  guard('ending a tool span', () => {
    recordValue(telemetry, span, ATTR_GEN_AI_TOOL_CALL_RESULT, result);
  });
  span.end();
}

function failToolSpan(telemetry: Telemetry, span: Span, error: unknown): void {
  guard('ending a tool span', () => recordFailure(span, readFailure(error), telemetry.settings));
  span.end();
}

function recordValue(telemetry: Telemetry, span: Span, name: string, value: unknown): void {
  const recorder = span.isRecording() ? ContentRecorder.forSpan(telemetry.settings, span) : undefined;
  if (recorder === undefined) return;
  const attributes: Attributes = {};
  recorder.addValue(attributes, name, parseJson(value));
  span.setAttributes(attributes);
}
