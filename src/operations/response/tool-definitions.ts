import type { ToolDefinition } from '../../config/completion-types.ts';
import { arrayField, first, MAX_READ, objectField, textField } from '../../util/payload.ts';

/**
 * The tool definitions of a response or of a tool search: functions with their parameters, a namespace followed by its
 * functions, an MCP server by its label, a hosted tool by its type. URLs, headers and credentials of servers are left
 * out.
 */
export function readResponseTools(body: unknown): ToolDefinition[] {
  const tools = first(arrayField(body, 'tools'), MAX_READ).flatMap((tool) => [
    tool,
    ...first(arrayField(tool, 'tools'), MAX_READ),
  ]);
  return first(tools, MAX_READ).flatMap((tool) => {
    const type = textField(tool, 'type');
    if (type === undefined) return [];
    const description = textField(tool, 'description') ?? textField(tool, 'server_description');
    const parameters = objectField(tool, 'parameters');
    return {
      type,
      name: textField(tool, 'name') ?? textField(tool, 'server_label') ?? type,
      ...(description === undefined ? {} : { description }),
      ...(parameters === undefined ? {} : { parameters }),
    };
  });
}
