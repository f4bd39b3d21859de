import { readDocuments } from '../../operations/sources.ts';
import { parseJson } from '../../telemetry/content/messages.ts';
import {
  arrayField,
  asObject,
  field,
  first,
  MAX_READ,
  objectField,
  stringField,
  textField,
} from '../../util/payload.ts';
import type { ToolCallContent, ToolCallSnapshot } from '../model.ts';
import { countResults, countToolImages, filesOf, NO_TOOL_CONTENT } from '../tool-calls/tool-facts.ts';

const NO_STEP_CALLS: readonly ToolCallSnapshot[] = [];

/** The first tool calls of a step or of a run's `required_action`. Most have none. */
export function readStepToolCalls(calls: readonly unknown[], content: boolean): readonly ToolCallSnapshot[] {
  if (calls.length === 0) return NO_STEP_CALLS;
  return first(calls).flatMap((call) => readStepToolCall(call, content) ?? []);
}

/** @see https://platform.openai.com/docs/api-reference/run-steps/step-object */
function readStepToolCall(value: unknown, content: boolean): ToolCallSnapshot | undefined {
  const id = stringField(value, 'id');
  const type = stringField(value, 'type');
  if (id === undefined || type === undefined) return undefined;
  const details = objectField(value, type);
  const hasResult = RESULTS.some((name) => isToolResult(field(details, name)));
  return {
    id,
    type,
    name: (type === 'function' ? stringField(details, 'name') : undefined) ?? type,
    imageCount: type === 'code_interpreter' ? countToolImages(details) : undefined,
    resultCount: type === 'file_search' ? countResults(details) : undefined,
    fileIds: type === 'file_search' ? filesOf(details) : undefined,
    content: content ? { ...NO_TOOL_CONTENT, ...readToolCallContent(type, details) } : undefined,
    ...(hasResult ? { hasResult } : {}),
  };
}

/** The fields with the result of a function, a code interpreter, a search. */
const RESULTS = ['output', 'outputs', 'results'];

function isToolResult(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : typeof value === 'string';
}

function readToolCallContent(type: string, details: unknown): Partial<ToolCallContent> {
  switch (type) {
    case 'function':
      return {
        arguments: parseJson(field(details, 'arguments')),
        result: parseJson(field(details, 'output')),
      };
    case 'code_interpreter':
      return { arguments: codeOf(details), result: logsOf(details) };
    case 'file_search':
      return {
        query: textField(details, 'query'),
        documents: readDocuments(arrayField(details, 'results')),
      };
    default:
      return { arguments: asObject(details) };
  }
}

function codeOf(details: unknown): unknown {
  const code = textField(details, 'input');
  return code === undefined ? undefined : { code };
}

function logsOf(details: unknown): unknown {
  const outputs = first(arrayField(details, 'outputs'), MAX_READ);
  const logs = outputs.flatMap((output) => textField(output, 'logs') ?? []);
  const images = outputs.flatMap((output) => stringField(objectField(output, 'image'), 'file_id') ?? []);
  return logs.length + images.length === 0 ? undefined : { logs: logs.join('\n'), images };
}
