import type { ToolDefinition } from '../../config/completion-types.ts';
import { ownEntries, ownName, ownValue } from '../../util/own-data.ts';
import { asText, field, first, MAX_READ } from '../../util/payload.ts';
import { readToolParameters } from '../tool-parameters.ts';

/**
 * The tool definitions of a response, a tool search or an agent: functions with their parameters, a namespace followed by
 * its functions, an MCP server by its label, a hosted tool by its type. URLs, headers and credentials of servers are left
 * out.
 */
export function readResponseTools(body: unknown): ToolDefinition[] {
  const tools = ownEntries(field(body, 'tools')).flatMap((tool) => [
    tool,
    ...ownEntries(ownValue(tool, 'tools')),
  ]);
  return first(tools, MAX_READ).flatMap((tool) => {
    // The Assistants API nests the definition of a function.
    const nested = ownValue(tool, 'function');
    const called = nested ?? tool;
    const type = ownName(tool, 'type') ?? (nested === undefined ? undefined : 'function');
    if (type === undefined) return [];
    const description =
      asText(ownValue(called, 'description')) ?? asText(ownValue(tool, 'server_description'));
    const parameters = readToolParameters(called);
    return {
      type,
      name: ownName(called, 'name') ?? ownName(tool, 'server_label') ?? type,
      ...(description === undefined ? {} : { description }),
      ...(parameters === undefined ? {} : { parameters }),
    };
  });
}
