import type { OutputScript } from './response-script.ts';
import type { Identifiers } from './world.ts';

/** An item as the API has it; the fields beside these depend on its type. */
export interface Item {
  readonly id: string;
  readonly type: string;
  readonly status?: string;
  readonly [field: string]: unknown;
}

interface Context {
  readonly identifiers: Identifiers;
  /** `include` of the request: what is left out of the items where it is not asked for. */
  readonly include: readonly string[];
  /** Of the items: `completed`, or `incomplete` where the response was interrupted. */
  readonly status: 'completed' | 'incomplete';
}

/** A picture of one pixel. */
export const PIXEL: string =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

type Scripts = { [Key in KeyOf<OutputScript>]: Extract<OutputScript, Readonly<Record<Key, unknown>>> };
type KeyOf<Script> = Script extends unknown ? Exclude<keyof Script, 'annotations' | 'text'> & string : never;

const BUILD: { readonly [Key in keyof Scripts]: (script: Scripts[Key], context: Context) => Item[] } = {
  message: ({ message, annotations = [] }, context) => [
    assistantMessage(context, { type: 'output_text', annotations, logprobs: [], text: message }),
  ],
  refusal: ({ refusal }, context) => [assistantMessage(context, { type: 'refusal', refusal })],
  reasoning: ({ reasoning, text }, { identifiers }) => [
    {
      id: identifiers.next('rs_'),
      type: 'reasoning',
      summary: reasoning.map((summary) => ({ type: 'summary_text', text: summary })),
      ...(text !== undefined && { content: [{ type: 'reasoning_text', text }] }),
    },
  ],
  function: ({ function: { name, namespace, arguments: input } }, { identifiers, status }) => [
    {
      id: identifiers.next('fc_'),
      type: 'function_call',
      status,
      arguments: JSON.stringify(input),
      call_id: identifiers.next('call_'),
      name,
      ...(namespace !== undefined && { namespace }),
    },
  ],
  custom: ({ custom }, { identifiers, status }) => [
    {
      id: identifiers.next('ctc_'),
      type: 'custom_tool_call',
      status,
      call_id: identifiers.next('call_'),
      ...custom,
    },
  ],
  webSearch: ({ webSearch: { query, sources = [] } }, { identifiers, status, include }) => [
    {
      id: identifiers.next('ws_'),
      type: 'web_search_call',
      status,
      action: {
        type: 'search',
        query,
        ...(include.includes('web_search_call.action.sources') && {
          sources: sources.map((url) => ({ type: 'url', url })),
        }),
      },
    },
  ],
  fileSearch: ({ fileSearch: { queries, results = [] } }, { identifiers, status, include }) => [
    {
      id: identifiers.next('fs_'),
      type: 'file_search_call',
      status,
      queries,
      results: include.includes('file_search_call.results')
        ? results.map((result) => ({ attributes: {}, ...result }))
        : null,
    },
  ],
  codeInterpreter: ({ codeInterpreter: { code, logs, images = 0 } }, { identifiers, status, include }) => [
    {
      id: identifiers.next('ci_'),
      type: 'code_interpreter_call',
      status,
      code,
      container_id: 'cntr_000001',
      outputs: include.includes('code_interpreter_call.outputs')
        ? [
            ...(logs === undefined ? [] : [{ type: 'logs', logs }]),
            ...Array.from({ length: images }, () => ({
              type: 'image',
              url: `data:image/png;base64,${PIXEL}`,
            })),
          ]
        : null,
    },
  ],
  imageGeneration: ({ imageGeneration: { revisedPrompt } }, { identifiers, status }) => [
    {
      id: identifiers.next('ig_'),
      type: 'image_generation_call',
      status,
      background: 'opaque',
      output_format: 'png',
      quality: 'low',
      result: PIXEL,
      size: '1024x1024',
      ...(revisedPrompt !== undefined && { revised_prompt: revisedPrompt }),
    },
  ],
  computer: ({ computer: { action } }, { identifiers, status }) => [
    {
      id: identifiers.next('cu_'),
      type: 'computer_call',
      status,
      call_id: identifiers.next('call_'),
      action,
      pending_safety_checks: [],
    },
  ],
  mcpListTools: ({ mcpListTools: { server, tools } }, { identifiers }) => [
    {
      id: identifiers.next('mcpl_'),
      type: 'mcp_list_tools',
      server_label: server,
      tools: tools.map((name) => ({ name, description: null, annotations: null, input_schema: {} })),
    },
  ],
  mcpCall: ({ mcpCall: { server, name, arguments: input, output, error } }, { identifiers, status }) => [
    {
      id: identifiers.next('mcp_'),
      type: 'mcp_call',
      status: error === undefined ? status : 'failed',
      approval_request_id: null,
      arguments: JSON.stringify(input),
      error: error === undefined ? null : { type: 'mcp_tool_execution_error', content: [error] },
      name,
      output: output ?? null,
      server_label: server,
    },
  ],
  mcpApprovalRequest: ({ mcpApprovalRequest: { server, name, arguments: input } }, { identifiers }) => [
    {
      id: identifiers.next('mcpr_'),
      type: 'mcp_approval_request',
      arguments: JSON.stringify(input),
      name,
      server_label: server,
    },
  ],
  shell: ({ shell: { commands, stdout } }, { identifiers, status }) => {
    const callId = identifiers.next('call_');
    const call: Item = {
      id: identifiers.next('sh_'),
      type: 'shell_call',
      status,
      call_id: callId,
      action: { commands, max_output_length: null, timeout_ms: null },
      environment:
        stdout === undefined
          ? { type: 'local' }
          : { type: 'container_reference', container_id: 'cntr_000001' },
    };
    if (stdout === undefined) return [call];
    const output = [{ outcome: { type: 'exit', exit_code: 0 }, stdout, stderr: '' }];
    const answer = { type: 'shell_call_output', status, call_id: callId, max_output_length: null, output };
    return [call, { id: identifiers.next('sho_'), ...answer }];
  },
  compaction: (_, { identifiers }) => [
    { id: identifiers.next('cmp_'), type: 'compaction', encrypted_content: 'simulated' },
  ],
};

/** The items of one scripted output. */
export function buildItems(script: OutputScript, context: Context): Item[] {
  const key = Object.keys(script).find((name): name is keyof Scripts => Object.hasOwn(BUILD, name));
  if (key === undefined) throw new Error(`No such output: ${JSON.stringify(script)}`);
  return (BUILD[key] as (script: OutputScript, context: Context) => Item[])(script, context);
}

function assistantMessage({ identifiers, status }: Context, part: object): Item {
  return { id: identifiers.next('msg_'), type: 'message', status, content: [part], role: 'assistant' };
}

/** The items of a request, as they are kept: with ids, and a plain text as a message of the user. */
export function inputItems(input: unknown, identifiers: Identifiers): Item[] {
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
  if (!Array.isArray(items)) return [];
  return items.map((item: Readonly<Record<string, unknown>>) => {
    const type = typeof item.type === 'string' ? item.type : 'message';
    if (type !== 'message') return { id: identifiers.next('item_'), status: 'completed', ...item, type };
    const { content } = item;
    const parts = typeof content === 'string' ? [{ type: 'input_text', text: content }] : content;
    return { id: identifiers.next('msg_'), status: 'completed', ...item, type, content: parts };
  });
}
