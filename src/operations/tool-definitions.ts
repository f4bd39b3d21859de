import type { ToolDefinition } from '../config/completion-types.ts';
import { isInert, ownEntries, ownName, ownValue } from '../util/own-data.ts';
import { asObject, asText, field, first, MAX_READ, type PayloadObject } from '../util/payload.ts';

/**
 * The tools in a request, in the output of a tool search, or in an agent: functions with their parameters, a namespace
 * followed by its functions, an MCP server by its label, a hosted tool by its type. URLs, headers and credentials of
 * servers are left out.
 */
export function readToolDefinitions(body: unknown): ToolDefinition[] {
  // `tools` replaced the deprecated `functions`.
  const tools = field(body, 'tools');
  const functions = field(body, 'functions');
  if (tools === undefined && functions === undefined) return [];
  const all = ownEntries(tools).flatMap((tool) => [tool, ...ownEntries(ownValue(tool, 'tools'))]);
  return [
    ...first(all, MAX_READ).flatMap((tool) => definitionOf(tool) ?? []),
    ...ownEntries(functions).map((called) => toolDefinition('function', called, called)),
  ];
}

/** Chat completions and Assistants nest the definition of a function or custom tool. */
function definitionOf(tool: unknown): ToolDefinition | undefined {
  const type = ownName(tool, 'type') ?? (ownValue(tool, 'function') === undefined ? undefined : 'function');
  return type === undefined ? undefined : toolDefinition(type, ownValue(tool, type) ?? tool, tool);
}

function toolDefinition(type: string, definition: unknown, tool: unknown): ToolDefinition {
  const description =
    asText(ownValue(definition, 'description')) ?? asText(ownValue(tool, 'server_description'));
  const parameters = readToolParameters(definition);
  return {
    type,
    name: ownName(definition, 'name') ?? ownName(tool, 'name') ?? ownName(tool, 'server_label') ?? type,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

/** A schema with accessors, such as a model class, is not read. */
function readToolParameters(definition: unknown): PayloadObject | undefined {
  const parameters = asObject(ownValue(definition, 'parameters'));
  return parameters !== undefined && isInert(parameters) ? parameters : undefined;
}
