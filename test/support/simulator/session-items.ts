import type { Item } from './session-objects.ts';
import type { ItemScript } from './session-script.ts';

type HostedScript = Extract<
  ItemScript,
  | { readonly mcp: unknown }
  | { readonly command: unknown }
  | { readonly webSearch: unknown }
  | { readonly computerUse: unknown }
>;

/** A tool call that the API runs: as it is added, and what is different when it is done. */
export interface HostedItem {
  readonly added: Omit<Item, 'id' | 'turn_id'>;
  readonly done: Readonly<Record<string, unknown>>;
}

export function hostedItem(script: HostedScript): HostedItem {
  if ('mcp' in script) {
    const { name, arguments: given, output = null, error = null } = script.mcp;
    const added = {
      type: 'mcp_call',
      name,
      arguments: given,
      server_label: 'tools',
      output: null,
      error: null,
    };
    return {
      added: { ...added, status: 'in_progress' },
      done: { output, error, status: error === null ? 'completed' : 'failed' },
    };
  }
  if ('command' in script) {
    const { command, output, exitCode = 0 } = script.command;
    const added = { type: 'command_execution', command, cwd: '/workspace', duration_ms: null };
    return {
      added: { ...added, exit_code: null, output: null, status: 'in_progress' },
      done: { output, exit_code: exitCode, duration_ms: 5, status: exitCode === 0 ? 'completed' : 'failed' },
    };
  }
  if ('webSearch' in script) {
    const { webSearch } = script;
    const action =
      'url' in webSearch
        ? { type: 'open_page', url: webSearch.url }
        : { type: 'search', query: webSearch.query, queries: null };
    return {
      added: { type: 'web_search_call', action: null, status: 'in_progress' },
      done: { action, status: 'completed' },
    };
  }
  const { title, screenshot } = script.computerUse;
  const output = screenshot === undefined ? null : { type: 'computer_screenshot', image_url: screenshot };
  return {
    added: { type: 'computer_use_call', title, output: null, status: 'in_progress' },
    done: { output, status: 'completed' },
  };
}
