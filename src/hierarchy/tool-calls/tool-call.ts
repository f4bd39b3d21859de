import type { Attributes, Context } from '@opentelemetry/api';
import type { Settings } from '../../config/config.ts';
import { executeTool, type RecordedToolCall, toolTypeOf } from '../../operations/execute-tool.ts';
import * as ATTR from '../../semconv/attributes.ts';
import { GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL } from '../../semconv/values.ts';
import { type Place, placeAttributes } from '../../telemetry/place-attributes.ts';
import { OperationRecord } from '../../telemetry/record.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { guard } from '../../util/guard.ts';
import { field } from '../../util/payload.ts';
import type { ToolCallSnapshot } from '../dialect.ts';

export interface ToolCall {
  snapshot: ToolCallSnapshot;
  stepId: string | undefined;
  /** For a function, the call lasts from when the program was asked to run it until the program sends the output. */
  startTime: number | undefined;
  /** When the program first sent the output. The request may fail and be repeated. */
  sentTime?: number | undefined;
  endTime: number | undefined;
}

export function isUnanswered({ snapshot, startTime, endTime }: ToolCall): boolean {
  return startTime !== undefined && endTime === undefined && snapshot.type === 'function';
}

/**
 * Whether the content of a call's documents is known. For a file search, the API returns it only on request, for all
 * documents or none.
 */
export function hasDocuments({
  snapshot: { type, resultCount, content },
}: Pick<ToolCall, 'snapshot'>): boolean {
  return (
    type !== 'file_search' ||
    resultCount === 0 ||
    content?.documents?.some((document) => field(document, 'content') !== undefined) === true
  );
}

export function recordToolCall(
  telemetry: Telemetry,
  recorded: RecordedToolCall,
  {
    parent,
    place,
    startSettings = telemetry.settings,
  }: { parent: Context; place: Place; startSettings?: Settings },
  { startTime, endTime }: { readonly startTime: number; readonly endTime: number },
): void {
  const { [ATTR.OPENAI_API_TYPE]: _, ...attributes } = placeAttributes(place);
  const { call, timedHere } = recorded;
  const record = new OperationRecord(telemetry, {
    operation: executeTool,
    request: recorded,
    place: { parent, attributes },
    startTime,
    startSettings,
    rebuilt: timedHere !== true || call.outcome?.ran === false,
  });
  record.end({ result: recorded, failure: call.outcome?.failure }, endTime);
}

/** Records the duration metric of a tool call whose span is recorded later or not at all. */
export function recordToolDuration(
  telemetry: Telemetry,
  { snapshot: { name, type, outcome }, startTime, endTime }: ToolCall,
  agentName: string | undefined,
  context: Context,
): void {
  if (startTime === undefined || endTime === undefined) return;
  const seconds = (endTime - startTime) / 1e3;
  const attributes: Attributes = {
    [ATTR.GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_EXECUTE_TOOL,
    [ATTR.GEN_AI_TOOL_NAME]: name,
    [ATTR.GEN_AI_TOOL_TYPE]: toolTypeOf(type),
  };
  if (agentName !== undefined) attributes[ATTR.GEN_AI_AGENT_NAME] = agentName;
  guard('recording metrics', () =>
    telemetry.metrics.recordLocalDuration(seconds, attributes, outcome?.failure?.type, context),
  );
}
