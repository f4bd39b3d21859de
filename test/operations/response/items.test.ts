import { describe, expect, test } from 'vitest';
import { readToolContent } from '../../../src/operations/response/content.ts';
import { readResponseToolCall, readToolOutputCallId } from '../../../src/operations/response/items.ts';

test.each<[type: string, tool: string, runBy: string]>([
  ['computer_call', 'computer', 'program'],
  ['local_shell_call', 'local_shell', 'program'],
  ['apply_patch_call', 'apply_patch', 'program'],
  ['file_search_call', 'file_search', 'api'],
  ['code_interpreter_call', 'code_interpreter', 'api'],
  ['image_generation_call', 'image_generation', 'api'],
  ['time_travel_call', 'time_travel', 'api'],
])('an item of the type %s is a call of %s, which the %s runs', (type, tool, runBy) => {
  expect(readResponseToolCall({ type })).toMatchObject({ type, tool, name: tool, runBy });
});

test('a call of another agent has the name of its action', () => {
  const item = { type: 'multi_agent_call', id: 'ma_1', call_id: 'call_1', action: 'spawn_agent' };
  expect(readResponseToolCall(item)).toMatchObject({
    tool: 'multi_agent',
    name: 'spawn_agent',
    runBy: 'api',
  });
});

test.each([{ type: 'message' }, {}, null, 5, 'text', []])('%j is no tool call', (item) => {
  expect(readResponseToolCall(item)).toBeUndefined();
});

test.each<[object, string | undefined]>([
  [{ type: 'function_call_output', id: 'x', call_id: 'call_1' }, 'call_1'],
  [{ type: 'shell_call_output', call_id: 'call_1' }, 'call_1'],
  [{ type: 'mcp_approval_response', approval_request_id: 'mcpr_1' }, 'mcpr_1'],
  [{ type: 'local_shell_call_output', id: 'call_1' }, 'call_1'],
  [{ type: 'message', call_id: 'call_1' }, undefined],
])('%j is the output of %s', (item, callId) => {
  expect(readToolOutputCallId(item)).toBe(callId);
});

describe('the arguments and result of a tool call', () => {
  test.each<[object, object]>([
    [
      { type: 'web_search_call', results: [{ image_url: 'https://me:pw@x.example/', rank: 1 }, 'u', null] },
      { result: { results: [{ image_url: 'https://x.example/', rank: 1 }, 'u', null] } },
    ],
    [{ type: 'file_search_call', queries: ['x'], results: null }, { arguments: { queries: ['x'] } }],
    // How a server of tools is reached is nobody's business, whoever reports it.
    [
      {
        type: 'tool_search_output',
        tools: [
          { type: 'mcp', server_label: 'wiki', server_url: 'https://me:pw@x.example', authorization: 'x' },
        ],
      },
      { result: { tools: [{ type: 'mcp', name: 'wiki' }] } },
    ],
    [
      {
        type: 'mcp_list_tools',
        tools: [{ name: 'ask', description: null, input_schema: {}, headers: { 'x-key': 'secret' } }],
        error: 'No answer of https://me:pw@wiki.example: Bearer abc',
      },
      {
        result: {
          tools: [{ name: 'ask', input_schema: {} }],
          error: 'No answer of https://REDACTED@wiki.example: Bearer REDACTED',
        },
      },
    ],
    [
      { type: 'mcp_call', error: { type: 'http_error', code: 401, message: 'Not Bearer abc' } },
      { result: { error: { type: 'http_error', code: 401, message: 'Not Bearer REDACTED' } } },
    ],
    [
      { type: 'time_travel_call', input: 'a year', output: '{"at":1984}' },
      { arguments: 'a year', result: { at: 1984 } },
    ],
    [
      { type: 'time_travel_call', action: { url: 'https://me:pw@x.example/' }, output: null },
      { arguments: { url: 'https://x.example/' } },
    ],
    [{ type: 'function_call', arguments: '{"a":' }, { arguments: '{"a":' }],
    [
      { type: 'function_call_output', output: [{ type: 'input_text', text: 'Rain.' }] },
      { result: [{ type: 'text', content: 'Rain.' }] },
    ],
    [
      { type: 'computer_call_output', output: { type: 'computer_screenshot', file_id: 'file-1' } },
      { result: [{ type: 'file', modality: 'image', file_id: 'file-1' }] },
    ],
    [
      { type: 'local_shell_call', action: { command: ['ls'], env: { TOKEN: 'secret' } } },
      { arguments: { command: ['ls'] } },
    ],
    [{ type: 'time_travel_call', secret: 'x' }, {}],
    // Of the Agents API:
    [
      { type: 'command_execution', command: 'ls', cwd: null, output: '7', exit_code: 0, duration_ms: 5 },
      { arguments: { command: 'ls' }, result: { output: '7', exit_code: 0 } },
    ],
    [
      {
        type: 'computer_use_call',
        title: 'Look',
        output: { type: 'computer_screenshot', image_url: 'https://me:pw@x.example/' },
      },
      { arguments: 'Look', result: { type: 'uri', modality: 'image', uri: 'https://x.example/' } },
    ],
    [{ type: 'computer_use_call', title: null, output: null }, {}],
    [
      {
        type: 'create_subagent_call',
        content: [
          { type: 'output_text', text: 'Read.' },
          { type: 'encrypted_content', encrypted_content: 'x' },
        ],
        model: 'gpt-5',
        reasoning_effort: null,
      },
      { arguments: { content: [{ type: 'text', content: 'Read.' }], model: 'gpt-5' } },
    ],
    [
      { type: 'send_subagent_input_call', content: [{ type: 'output_text', text: 'Stop.' }] },
      { arguments: [{ type: 'text', content: 'Stop.' }] },
    ],
  ])('%j', (item, expected) => {
    expect(readToolContent(item)).toEqual(expected);
  });

  test('are separate for images, so that they can be recorded by reference', () => {
    const item = { type: 'image_generation_call', result: 'AAAA', output_format: 'webp', size: '1x1' };
    const { result, media } = readToolContent(item);
    expect(result).toEqual({ size: '1x1' });
    expect(media).toMatchObject([{ type: 'blob', modality: 'image', mime_type: 'image/webp' }]);
  });
});
