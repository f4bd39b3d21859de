import type { ToolDefinition } from '../../config/completion-types.ts';
import { ownEntries, ownName, ownValue } from '../../util/own-data.ts';
import { asText, field, first, MAX_READ } from '../../util/payload.ts';
import { readToolParameters } from '../tool-parameters.ts';

/**
 * The tool definitions of a response or of a tool search: functions with their parameters, a namespace followed by its
 * functions, an MCP server by its label, a hosted tool by its type. URLs, headers and credentials of servers are left
 * out.
 */
export function readResponseTools(body: unknown): ToolDefinition[] {
  const tools = ownEntries(field(body, 'tools')).flatMap((tool) => [
    tool,
    ...ownEntries(ownValue(tool, 'tools')),
  ]);
  return first(tools, MAX_READ).flatMap((tool) => {
    const type = ownName(tool, 'type');
    if (type === undefined) return [];
    const description = asText(ownValue(tool, 'description')) ?? asText(ownValue(tool, 'server_description'));
    const parameters = readToolParameters(tool);
    return {
      type,
      name: ownName(tool, 'name') ?? ownName(tool, 'server_label') ?? type,
      ...(description === undefined ? {} : { description }),
      ...(parameters === undefined ? {} : { parameters }),
    };
  });
}
