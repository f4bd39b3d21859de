import { readDocuments } from '../../operations/documents.ts';
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

/**
 * Reads a tool call of a step or of a run's `required_action`.
 *
 * @see https://platform.openai.com/docs/api-reference/run-steps/step-object
 */
export function readStepToolCall(
  value: unknown,
  options: { content: boolean },
): ToolCallSnapshot | undefined {
  const id = stringField(value, 'id');
  const type = stringField(value, 'type');
  if (id === undefined || type === undefined) return undefined;
  const details = objectField(value, type);
  return {
    id,
    type,
    name: (type === 'function' ? stringField(details, 'name') : undefined) ?? type,
    imageCount: type === 'code_interpreter' ? countStepImages(details) : undefined,
    resultCount: type === 'file_search' ? countResults(details) : undefined,
    content: options.content ? readToolCallContent(type, details) : undefined,
  };
}

function countStepImages(details: unknown): number {
  return arrayField(details, 'outputs').filter((output) => field(output, 'type') === 'image').length;
}

function countResults(details: unknown): number | undefined {
  return Array.isArray(field(details, 'results')) ? arrayField(details, 'results').length : undefined;
}

function readToolCallContent(type: string, details: unknown): ToolCallContent {
  const none = { arguments: undefined, result: undefined, query: undefined, documents: [] };
  switch (type) {
    case 'function':
      return {
        ...none,
        arguments: parseJson(field(details, 'arguments')),
        result: parseJson(field(details, 'output')),
      };
    case 'code_interpreter':
      return { ...none, arguments: codeOf(details), result: logsOf(details) };
    case 'file_search':
      return {
        ...none,
        query: textField(details, 'query'),
        documents: readDocuments(arrayField(details, 'results')),
      };
    default:
      return { ...none, arguments: asObject(details) };
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
